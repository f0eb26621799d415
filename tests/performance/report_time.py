"""CPU seconds that the flip and the displacement map add to a scene of a report; prints a Markdown table.

Run it: python tests/performance/report_time.py OUT [--repeats 5], with OUT a folder that `realdof build` made.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from realdof.dataset.layout import Role
from realdof.dataset.manifest import read_manifest, read_record
from realdof.dataset.report.displacement import shift_map
from realdof.dataset.report.flip import flip
from realdof.dataset.report.page import view_of
from realdof.images.files import read_pixels


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    out = arguments.out
    print("| scene | size | whole scene, s | flip, s | displacement map, s | flip, kB |\n" + "| --- " * 6 + "|")
    for scene in read_manifest(out).scenes:
        if not all(role in scene.outputs for role in (Role.SOURCE, Role.TARGET)):
            continue
        record = read_record(out, scene.name)
        images = {role: read_pixels(out / file.file) for role, file in record.outputs.items()}
        quality = record.quality
        assert quality is not None
        source, target, fixed = images[Role.SOURCE], images[Role.TARGET], images[Role.REFERENCE_FIXED]
        works: tuple[Callable[[], object], ...] = (
            lambda record=record: view_of(out, record, ()),  # type: ignore[misc]
            lambda source=source, target=target: flip(source, target),  # type: ignore[misc]
            lambda fixed=fixed, field=quality.residual_shift.field: shift_map(fixed, field),  # type: ignore[misc]
        )
        seconds = " | ".join(f"{_median(work, arguments.repeats):.2f}" for work in works)
        height, width = fixed.shape[:2]
        print(f"| {scene.name} | {width}x{height} | {seconds} | {len(flip(source, target)) / 1000:.0f} |")


def _median(work: Callable[[], object], repeats: int) -> float:
    seconds = []
    for _ in range(repeats):
        started = time.process_time()
        work()
        seconds.append(time.process_time() - started)
    return float(np.median(seconds))


if __name__ == "__main__":
    main()
