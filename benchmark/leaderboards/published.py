"""Read published figures with their sources from `published.csv`."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from io import StringIO
from pathlib import Path

from realdof.common.decode import read_text
from realdof.common.errors import InputError

FIGURES = ("psnr", "ssim", "mae", "lpips", "dists", "params_m", "macs_g", "time_s")
HEADER = (
    "method", "year", "input", "bits", "dataset", "subset", "resolution", "protocol", "psnr", "ssim", "ssim_kind",
    "mae", "lpips", "lpips_net", "dists", "params_m", "macs_g", "time_s", "train", "rf", "table", "source",
    "source_kind", "restated_by", "conflict", "note",
)  # fmt: skip
LPIPS_NETS = {
    "alex": "AlexNet",
    "squeeze": "SqueezeNet",
    "vgg": "VGG",
    "alex-unscaled": "AlexNet, on images in [0, 1] where it expects [-1, 1]",
    "unknown": "a network that is not named",
}
"""Networks of LPIPS; figures of different networks cannot be compared, and ours use AlexNet."""
SSIM_KINDS = {
    "uniform7": "7x7",
    "gauss11": "11x11 Gaussian",
    "gauss11-3d": "11x11x11 Gaussian",
}
"""Windows of SSIM; the field is empty if the source does not name one."""
_REPOSITORY = re.compile(r"^(?P<name>[\w.-]+/[\w.-]+) (?:issue (?P<issue>\d+)|(?P<file>README|[\w./-]+))$")
_PREPRINT = re.compile(r"^[^,]+, arXiv (?P<id>\d{4}\.\d{4,5}), (?:Table|Figure) \w+$")
_PAPER = re.compile(r"^[^,]+, [A-Za-z ]+ (?:19|20)\d\d, (?:supplement )?(?:Table|Figure|Section) \w+$")


@dataclass(frozen=True)
class PublishedFigure:
    """One line of the file: the figures that a source claims for a method; those that it does not print are None.

    Parameters
    ----------
    method, year
        Name of the method in this package, and the year of its paper.
    input
        ``single`` for one defocused image, ``dual`` for both dual-pixel views.
    bits, resolution, protocol
        Bit depth of the files, size of the images if not the data set's own, and protocol; empty if not stated.
    dataset, subset
        Data set, and its subset: ``all``, ``indoor`` or ``outdoor``.
    figures
        Value by column.
    ssim_kind, lpips_net
        Keys of `SSIM_KINDS` and `LPIPS_NETS`.
    train, rf, table
        Data set of the training, receptive field in px, and the table that prints the figures.
    source, source_kind
        Where the figures are printed, in one of the forms of `is_resolvable`; and the kind of source: the ``paper``
        that this package follows, the method's ``author``, or someone else who ``restated`` or ``remeasured`` them.
    restated_by
        Who restated or measured them again.
    conflict
        Another source's different figure for the same method and images.
    note
        Any other remark.
    """

    method: str
    year: str
    input: str
    bits: str
    dataset: str
    subset: str
    resolution: str
    protocol: str
    figures: dict[str, float | None]
    ssim_kind: str
    lpips_net: str
    train: str
    rf: str
    table: str
    source: str
    source_kind: str
    restated_by: str
    conflict: str
    note: str

    @property
    def comparable(self) -> dict[str, float | None]:
        """The figures that can be compared with ours: LPIPS is None if another network than AlexNet computed it."""
        return self.figures if self.lpips_net in ("", "alex") else {**self.figures, "lpips": None}

    @property
    def remarks(self) -> list[str]:
        """Remarks on the figures, one sentence each."""
        found = [self.note] if self.note else []
        if self.restated_by:
            words = "measured again" if self.source_kind == "remeasured" else "restated"
            found.append(f"{words} by {self.restated_by}")
        if self.conflict:
            found.append(f"another claim: {self.conflict}")
        if self.comparable["lpips"] != self.figures["lpips"]:
            network = LPIPS_NETS[self.lpips_net]
            found.append(f"its LPIPS {self.figures['lpips']:g} is computed with {network}, not as ours")
        return found

    @property
    def address(self) -> str:
        """URL of the source if it is a repository or a preprint; empty for a paper."""
        preprint, repository = _PREPRINT.match(self.source), _REPOSITORY.match(self.source)
        if preprint:
            return f"https://arxiv.org/abs/{preprint['id']}"
        if repository is None:
            return ""
        place = f"https://github.com/{repository['name']}"
        if repository["issue"]:
            return f"{place}/issues/{repository['issue']}"
        return f"{place}#readme" if repository["file"] == "README" else f"{place}/blob/HEAD/{repository['file']}"


def is_resolvable(source: str) -> bool:
    """Return whether a source has a form that a reader can look up.

    The forms are ``WHO, VENUE YEAR, Table N`` for a paper, ``WHO, arXiv ID, Table N`` for a preprint, and
    ``OWNER/NAME README``, ``OWNER/NAME issue N`` or ``OWNER/NAME PATH`` for a repository on GitHub.
    """
    return any(form.match(source) for form in (_PAPER, _PREPRINT, _REPOSITORY))


def published_file() -> Path:
    """Return the path of the package's own file."""
    with as_file(files(__package__) / "published.csv") as path:
        return path


@cache
def every_figure() -> tuple[PublishedFigure, ...]:
    """Return all published figures of the package."""
    return tuple(read_figures(published_file()))


def published_figures(dataset: str, protocol: str) -> list[PublishedFigure]:
    """Return the figures under a protocol on a whole data set at its own size."""
    return [
        figure
        for figure in every_figure()
        if (figure.dataset, figure.protocol, figure.subset, figure.resolution) == (dataset, protocol, "all", "")
    ]


def read_figures(path: Path) -> list[PublishedFigure]:
    """Read a file of published figures.

    Raises
    ------
    InputError
        The file cannot be read, has other columns, or contains a figure that is not a number.
    """
    figures = []
    for number, row in _lines(path):
        try:
            values = {name: float(row[name]) if row[name] else None for name in FIGURES}
        except ValueError as error:
            raise InputError(f"{path}, line {number}: {error}; a figure is a number or empty") from error
        words = {name: row[name] for name in HEADER if name not in FIGURES}
        figures.append(PublishedFigure(figures=values, **words))
    return figures


def _lines(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        reader = csv.DictReader(StringIO(read_text(path, "give a file like published.csv")), restkey="", strict=True)
        if tuple(reader.fieldnames or ()) != HEADER:
            found = ", ".join(reader.fieldnames or ())[:200]
            raise InputError(f"{path} has columns {found}; needed: {', '.join(HEADER)}")
        for number, row in enumerate(reader, 2):
            if "" in row or None in row.values():
                raise InputError(f"{path}, line {number} has not {len(HEADER)} fields; quote what holds a comma")
            yield number, row
    except csv.Error as error:
        raise InputError(f"{path} cannot be read as CSV ({error}); give a file like published.csv") from error
