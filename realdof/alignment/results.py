"""Write the alignment of two photographs to a folder."""

import csv
from io import StringIO
from pathlib import Path

import numpy as np

from realdof.alignment.photographs import Aligned
from realdof.common.errors import InputError
from realdof.common.files import write_json, write_text
from realdof.images.files import write_pixels


def write_results(folder: Path, found: Aligned) -> None:
    """Write ``homography.json``, ``displacement.csv`` and ``warped.png`` (16-bit) into a new folder.

    Raises
    ------
    InputError
        A file cannot be written.
    """
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise InputError(f"cannot make {folder}: {error.strerror}; give the name of a new folder") from error
    facts = {
        "homography": found.homography.tolist(),
        "from": "pixels of the first photograph to pixels of the second; the centre of pixel i lies at i + 0.5",
        "mirrored": found.mirrored,
        "ecc": found.correlation,
        "error_px": found.error,
        "verdict": found.verdict,
        "reason": found.reason,
    }
    write_json(folder / "homography.json", facts)
    table = StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(["x", "y", "dx", "dy"])
    rows.writerows((vector.x, vector.y, vector.dx, vector.dy) for vector in found.displacement)
    write_text(folder / "displacement.csv", table.getvalue())
    write_pixels(folder / "warped.png", np.rint(found.warped * 65535).astype(np.uint16))
