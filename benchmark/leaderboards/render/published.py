"""Render published figures as tables in which the figures of each column can be compared."""

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO

from benchmark import registry
from benchmark.leaderboards.column import figure
from benchmark.leaderboards.published import HEADER, LPIPS_NETS, SSIM_KINDS, PublishedFigure
from benchmark.leaderboards.render.tables import Cell, Table
from realdof.common.errors import InputError

TOGETHER = ("dataset", "subset", "input", "resolution", "protocol")
"""Fields that are equal for all figures of one table."""
_DECIMALS = {"psnr": 2, "ssim": 3, "mae": 4, "lpips": 3, "dists": 4, "params_m": 2}
_TITLES = {"psnr": "PSNR ↑", "mae": "MAE ↓", "dists": "DISTS ↓", "params_m": "Params (M)"}
_SHORT_NETS = {"alex": "AlexNet", "squeeze": "SqueezeNet", "vgg": "VGG", "alex-unscaled": "AlexNet, unscaled"}


@dataclass(frozen=True)
class _Column:
    """A column of one table: a metric, for SSIM with one window, for LPIPS with one network."""

    title: str
    name: str
    kind: str = ""

    def value(self, figure: PublishedFigure) -> float | None:
        kind = {"ssim": figure.ssim_kind, "lpips": figure.lpips_net}.get(self.name, "")
        return figure.figures[self.name] if kind == self.kind else None


def chosen(
    figures: Iterable[PublishedFigure], *, dataset: str | None, input: str | None, protocol: str | None
) -> list[PublishedFigure]:
    """Filter figures by data set, kind of input and protocol; None means all.

    Raises
    ------
    InputError
        No figure matches.
    """
    every = list(figures)
    wanted = {"dataset": dataset, "input": input, "protocol": protocol}
    for name, value in wanted.items():
        known = {getattr(one, name) for one in every} - {""}
        if value is not None and value not in known:
            raise registry.unknown(f"published {name}", value, known)
    found = [
        one for one in every if all(value in (None, getattr(one, name)) for name, value in wanted.items())
    ]  # fmt: skip
    if not found:
        asked = ", ".join(f"{name} {value}" for name, value in wanted.items() if value is not None)
        raise InputError(f"there are no published figures with {asked}; leave one of them out")
    return found


def published_tables(figures: Iterable[PublishedFigure]) -> list[Table]:
    """Make one table per data set, subset, kind of input, resolution and protocol, known protocols first.

    SSIM has a column per window, LPIPS a column per network. If the protocol is not known, rows are sorted by source,
    and none is marked as best.
    """
    groups: dict[tuple[str, ...], list[PublishedFigure]] = defaultdict(list)
    for one in figures:
        groups[tuple(getattr(one, name) for name in TOGETHER)].append(one)
    return [_table(dict(zip(TOGETHER, key, strict=True)), groups[key]) for key in sorted(groups, key=_place)]


def _place(key: tuple[str, ...]) -> tuple[object, ...]:
    """Return a sort key: whole data sets, single inputs and known protocols come first."""
    dataset, subset, input, resolution, protocol = key
    return dataset, subset != "all", subset, input != "single", protocol == "", resolution, protocol


def _table(shared: dict[str, str], figures: list[PublishedFigure]) -> Table:
    columns = [column for column in _columns() if any(column.value(one) is not None for one in figures)]
    by_source = shared["protocol"] == ""

    def place(one: PublishedFigure) -> tuple[str, float, str]:
        return one.source if by_source else "", -(one.figures["psnr"] or 0), one.method

    ordered = sorted(figures, key=place)
    notes: list[str] = []
    rows = []
    for one in ordered:
        numbers = tuple(_number(notes, f"{remark}.") for remark in _remarks(one))
        texts = [figure(column.value(one), _DECIMALS[column.name]) for column in columns]
        rows.append(
            (
                Cell(one.method, notes=numbers),
                Cell(one.year),
                *map(Cell, texts),
                Cell(one.bits),
                Cell(one.train),
                Cell(one.source if not one.restated_by else f"{one.source} ({one.source_kind})"),
            )
        )
    headings = ("Method", "Year", *(column.title for column in columns), "Bits", "Trained on", "Source")
    words = frozenset({0, len(headings) - 1, len(headings) - 2})
    return Table(_title(shared), headings, tuple(rows), tuple(notes), words)


def _title(shared: dict[str, str]) -> str:
    part = "" if shared["subset"] == "all" else f", {shared['subset']} scenes"
    size = f", at {shared['resolution']}" if shared["resolution"] else ""
    protocol = (
        f"protocol {shared['protocol']}"
        if shared["protocol"]
        else "protocol not told: only figures of one source can be compared"
    )
    return f"{shared['dataset']}{part}{size}, {shared['input']} input; {protocol}"


def _columns() -> Iterator[_Column]:
    yield _Column(_TITLES["psnr"], "psnr")
    for kind, title in {**SSIM_KINDS, "": "window not told"}.items():
        yield _Column(f"SSIM ({title}) ↑", "ssim", kind)
    yield _Column(_TITLES["mae"], "mae")
    for network in LPIPS_NETS:
        yield _Column(f"LPIPS ({_SHORT_NETS.get(network, 'network not told')}) ↓", "lpips", network)
    yield _Column(_TITLES["dists"], "dists")
    yield _Column(_TITLES["params_m"], "params_m")


def _remarks(one: PublishedFigure) -> Iterator[str]:
    if one.note:
        yield one.note
    if one.conflict:
        yield f"another claim: {one.conflict}"


def _number(notes: list[str], note: str) -> int:
    if note not in notes:
        notes.append(note)
    return notes.index(note) + 1


def as_csv(figures: Iterable[PublishedFigure]) -> str:
    """Return the claims as CSV in the format of the package's file, one per line."""
    lines = StringIO()
    writer = csv.DictWriter(lines, HEADER, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_content(one) for one in figures)
    return lines.getvalue()


def as_json(figures: Iterable[PublishedFigure]) -> str:
    """Return the claims as a JSON list, each with the URL of its source; figures that it does not print are null."""
    return json.dumps([{**_content(one), "address": one.address} for one in figures], indent=2) + "\n"


def _content(one: PublishedFigure) -> dict[str, str | float | None]:
    return {name: one.figures[name] if name in one.figures else getattr(one, name) for name in HEADER}
