"""Figures that papers print, each with its source: `published.csv`."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from io import StringIO
from pathlib import Path

from realdof.common.decode import read_text
from realdof.common.errors import InputError

KEY = ("method", "input", "bits", "dataset", "subset", "resolution", "protocol", "train", "source")
"""What tells one published figure from another."""
FIGURES = ("psnr", "ssim", "mae", "lpips", "params_m", "macs_g", "time_s")
HEADER = (
    "method", "input", "bits", "dataset", "subset", "resolution", "protocol", "psnr", "ssim", "mae", "lpips",
    "lpips_net", "params_m", "macs_g", "time_s", "train", "rf", "table", "source", "source_kind", "note",
)  # fmt: skip
KINDS = ("paper", "author", "restated", "remeasured")
LPIPS_NETS = ("alex", "squeeze", "vgg")
"""Networks that LPIPS is computed with: figures of two networks cannot be compared; ours are AlexNet's."""
RANGES = {"psnr": (15.0, 40.0), "ssim": (0.3, 1.0), "mae": (0.005, 0.15), "lpips": (0.01, 1.0)}
"""What no figure on a defocus data set lies outside of; a slip of a digit does."""
INDOOR, OUTDOOR = 37, 39
"""Scenes of DPDD's test set: the combined figure is the mean weighted by them."""
_ROUNDING = 0.011
"""dB: three figures rounded to hundredths."""


@dataclass(frozen=True)
class PublishedFigure:
    """One line of the file; figures that the source does not print are None."""

    method: str
    input: str
    bits: str
    dataset: str
    subset: str
    resolution: str
    protocol: str
    figures: dict[str, float | None]
    lpips_net: str
    train: str
    rf: str
    table: str
    source: str
    source_kind: str
    note: str

    @property
    def comparable(self) -> dict[str, float | None]:
        """The figures that may share columns with ours: without an LPIPS of another network than AlexNet."""
        return self.figures if self.lpips_net in ("", "alex") else {**self.figures, "lpips": None}

    @property
    def remarks(self) -> list[str]:
        """What a reader must know of the figure, one sentence each."""
        found = [self.note] if self.note else []
        if self.comparable["lpips"] != self.figures["lpips"]:
            found.append(f"its LPIPS {self.figures['lpips']:g} is computed with {self.lpips_net}, not AlexNet")
        return found


def published_file() -> Path:
    """Path of the package's own file."""
    with as_file(files(__package__) / "published.csv") as path:
        return path


@cache
def every_figure() -> tuple[PublishedFigure, ...]:
    """The package's published figures."""
    return tuple(read_figures(published_file()))


def published_figures(dataset: str, protocol: str) -> list[PublishedFigure]:
    """Figures on a whole data set at its own size, under one protocol; those under none that is known are left out."""
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
        It cannot be read, has other columns, or a figure is no number.
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


def lint(path: Path) -> list[str]:
    """What is wrong with a file of published figures, one sentence each; nothing if all is well.

    Each figure must appear once, with a source, a known kind of source, the network of its LPIPS, and in range. A
    combined figure must be the mean of indoor and outdoor scenes, weighted 37 to 39, where all three are given.
    """
    figures = read_figures(path)
    problems = []
    seen: dict[tuple[str, ...], int] = {}
    for number, figure in enumerate(figures, 2):
        where = f"line {number} ({figure.method} on {figure.dataset})"
        key = tuple(str(getattr(figure, name)) for name in KEY)
        if key in seen:
            problems.append(f"{where} repeats line {seen[key]}")
        seen.setdefault(key, number)
        problems += [f"{where} {problem}" for problem in _problems(figure)]
    return problems + list(_unbalanced(figures))


def _problems(figure: PublishedFigure) -> Iterator[str]:
    if len(figure.source.strip()) < 6:
        yield "has no source"
    if figure.source_kind not in KINDS:
        yield f"has source kind {figure.source_kind!r}; there are {', '.join(KINDS)}"
    if not figure.method or not figure.dataset or not figure.subset:
        yield "lacks method, dataset or subset"
    if figure.figures["psnr"] is None and figure.figures["ssim"] is None:
        yield "has neither PSNR nor SSIM"
    has_lpips = figure.figures["lpips"] is not None
    if has_lpips != bool(figure.lpips_net) or (has_lpips and figure.lpips_net not in LPIPS_NETS):
        yield f"has lpips_net {figure.lpips_net!r}; it is one of {', '.join(LPIPS_NETS)} with an LPIPS, else empty"
    for name, (low, high) in RANGES.items():
        value = figure.figures[name]
        if value is not None and not low <= value <= high:
            yield f"has {name} {value:g}, outside {low:g} to {high:g}"


def _unbalanced(figures: list[PublishedFigure]) -> Iterator[str]:
    groups: dict[tuple[str, ...], dict[str, PublishedFigure]] = defaultdict(dict)
    for figure in figures:
        key = tuple(str(getattr(figure, name)) for name in KEY if name != "subset")
        groups[key][figure.subset] = figure
    for group in groups.values():
        if not {"all", "indoor", "outdoor"} <= group.keys():
            continue
        whole, indoor, outdoor = (group[name].figures["psnr"] for name in ("all", "indoor", "outdoor"))
        if whole is None or indoor is None or outdoor is None:
            continue
        mean = (INDOOR * indoor + OUTDOOR * outdoor) / (INDOOR + OUTDOOR)
        if abs(mean - whole) > _ROUNDING:
            yield (
                f"{group['all'].method} of {group['all'].source}: PSNR {whole:g} of all scenes is not the mean "
                f"{mean:.2f} of {INDOOR} indoor and {OUTDOOR} outdoor ones"
            )


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
