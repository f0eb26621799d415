"""Data of the report's pages: table rows, method cards, and the picture viewer's input."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmark import registry
from benchmark.leaderboards.column import TIME, Column
from benchmark.leaderboards.rows import Row
from benchmark.report.charts import BoxPlot, LineChart, box_plot, gain_by_blur, gain_in
from benchmark.report.contents import Board, Contents, Entrant, ImageSet
from benchmark.report.drawing import Drawn
from benchmark.report.layers import INPUT, TARGET
from realdof.common.errors import InputError

MOST_BOXES = 8
"""Largest number of metrics with box plots and scatter plots."""
_COLOURS = 8


@dataclass(frozen=True)
class Figure:
    """One figure of a row: the value to sort by, its text, a smaller text below, and ``best`` or ``second``."""

    value: str
    text: str
    below: str = ""
    mark: str = ""


@dataclass(frozen=True)
class Line:
    """One row of a leaderboard: label and page of the method, kind of input, weights, figures, titled details."""

    label: str
    page: str
    inputs: str
    weights: str
    images: str
    figures: tuple[Figure, ...]
    details: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Gained:
    """The gain of a method over the input on one image, dB."""

    image: Drawn
    set: ImageSet
    key: str
    gain: float


def measured_lines(board: Board) -> list[Line]:
    """Return the rows of the runs, in the leaderboard's order."""
    by_folder = {entrant.row.folder: entrant for entrant in board.entrants}
    places = {column.key: board.table.places(column) for column in board.table.metrics}
    ranked = sum(row.ranked for row in board.table.rows)
    lines = []
    for at, row in enumerate(board.table.rows):
        if row.folder is None:
            continue
        entrant = by_folder[row.folder]
        # Costs are not marked: they may come from different machines, and few parameters are not a merit in themselves.
        marks = {key: _mark(found[at]) if ranked > 1 else "" for key, found in places.items()}
        figures = tuple(_figure(row, column, marks.get(column.key, "")) for column in board.table.columns)
        images = f"{row.n} of {row.total}" if row.n != row.total else str(row.n)
        inputs = entrant.run.method.inputs
        lines.append(Line(entrant.label, entrant.page, inputs, row.weights, images, figures, _details(entrant, board)))
    return lines


def _mark(place: int | None) -> str:
    return {1: "best", 2: "second"}.get(place or 0, "")


def published_lines(board: Board) -> list[Line]:
    """Return the rows of published figures."""
    return [
        Line(
            row.method if row.dataset == board.table.dataset else f"{row.method} on {row.dataset}", "", "", "", "",
            tuple(_figure(row, column, "") for column in board.table.columns),
            (("Source", row.source), *(("Note", remark) for remark in row.remarks)),
        )
        for row in board.table.rows
        if row.kind == "published"
    ]  # fmt: skip


def _figure(row: Row, column: Column, mark: str) -> Figure:
    value = row.figures.get(column.key)
    text = column.text(value, published=row.kind == "published")
    interval = row.intervals.get(column.key)
    below = ""
    if interval is not None and not math.isnan(interval.low):
        below = f"{column.text(interval.low)} to {column.text(interval.high)}"
    elif column == TIME and row.quartiles is not None:
        below = "{} to {}".format(*map(column.text, row.quartiles))
    return Figure("" if value is None else repr(value), text, below, mark)


def _details(entrant: Entrant, board: Board) -> tuple[tuple[str, str], ...]:
    row, run = entrant.row, entrant.run
    against = ", ".join(
        f"{column.title} {column.change(row.claims[column.key].difference)}"
        for column in board.table.columns
        if column.key in row.claims
    )
    found = [
        ("What it is", run.method.summary),
        ("Weights", "" if run.weights is None else run.weights.label),
        ("Measured", row.source),
        ("Against the paper", against and f"{against} (measured minus published)"),
        *(("Note", f"{remark}.") for remark in row.remarks if not remark.startswith("weights ")),
    ]
    return tuple((title, text) for title, text in found if text)


def method_facts(entrant: Entrant) -> list[tuple[str, str]]:
    """Return the facts on a method's page as titles and texts."""
    run = entrant.run
    cost = run.complexity
    counted = ""
    if cost is not None:
        at = f" at {cost.width}x{cost.height}" if cost.width and cost.height else ""
        counted = f"{cost.parameters / 1e6:.2f} M parameters, {cost.macs / 1e9:.1f} B multiply-accumulates{at}"
    inputs = {"single": "one defocused image", "dual": "the image and both dual-pixel views"}
    facts = [
        ("What it is", run.method.summary),
        ("Input", inputs.get(run.method.inputs, run.method.inputs)),
        (
            "Weights",
            "none"
            if run.weights is None
            else f"{run.weights.name}: {run.weights.label.removeprefix(run.weights.name + ': ')}",
        ),
        ("SHA-256 of the weights", run.settings.weights or ""),
        ("Cost", counted),
        ("Paper", run.method.paper),
        ("Licence", _licence(run.settings.method)),
    ]
    return [(title, text) for title, text in facts if text]


def _licence(method: str) -> str:
    try:
        return registry.method(method).card.licence
    except InputError:
        # The method of the results need not be installed here.
        return ""


def gains(sets: Sequence[ImageSet], drawn: dict[str, list[Drawn]], page: str) -> list[Gained]:
    """Return a method's gains on all drawn images, from the largest to the smallest."""
    found = []
    for one in sets:
        for key in [key for key, entrant in one.outputs.items() if entrant.page == page][:1]:
            for image in drawn[one.slug]:
                gain = gain_in([image.errors], key) if key in image.errors else None
                if gain is not None and math.isfinite(gain):
                    found.append(Gained(image, one, key, gain))
    return sorted(found, key=lambda one: -one.gain)


def viewer(one: ImageSet, image: Drawn, root: str, left: str = "", right: str = "") -> dict[str, Any]:
    """Return the data for the picture viewer of one image; addresses begin with ``root``.

    Parameters
    ----------
    left, right
        Keys of the pictures shown first; empty for the input, and for the best output or else the truth.
    """
    labels = {key: entrant.label for key, entrant in one.outputs.items()}
    order = [key for key in (INPUT, *labels, TARGET) if key in image.pictures]
    titles = {INPUT: "defocused input", TARGET: "all-in-focus truth", **labels}
    pictures = [
        {
            "key": key, "label": titles[key], "file": root + image.pictures[key],
            "error": root + image.maps[key] if key in image.maps else None,
            "scores": _scores(one, image.name, key),
        }
        for key in order
    ]  # fmt: skip
    return {
        "name": image.name, "width": image.width, "height": image.height, "pictures": pictures,
        "left": left or INPUT, "right": right or best_output(one, image), "maps": bool(image.maps),
        "blur": root + image.maps["blur"] if image.maps else None,
        "compared": bool(image.differences or image.maps),
        "differences": {pair: root + address for pair, address in image.differences.items()},
    }  # fmt: skip


def best_output(one: ImageSet, image: Drawn) -> str:
    """Return the key of the output that ranks highest in the tables, or else of the truth, or else of the input."""
    return next((key for key in (*one.outputs, TARGET) if key in image.pictures), INPUT)


def _scores(one: ImageSet, name: str, key: str) -> str:
    for board in one.boards:
        for entrant in board.entrants:
            if entrant.key == key and name in entrant.records:
                scores = entrant.records[name].scores
                return ", ".join(
                    f"{c.title} {c.text(scores[c.key])}" for c in board.table.metrics[:2] if c.key in scores
                )
    return ""


@dataclass(frozen=True)
class ImageScores:
    """The scores of one image in one table: title, columns, and a row per method with the best figures marked."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, str, str, tuple[Figure, ...]], ...]


def image_scores(board: Board, name: str) -> ImageScores:
    """Return the scores of all methods of a table on one image; rows are label, page, key and figures."""
    entrants = [entrant for entrant in board.entrants if entrant.records.get(name) is not None]
    columns = tuple(c for c in board.table.metrics if any(c.key in e.records[name].scores for e in entrants))
    cells: list[list[Figure]] = [[] for _ in entrants]
    for column in columns:
        values = [entrant.records[name].scores.get(column.key) for entrant in entrants]
        for at, (value, place) in enumerate(zip(values, column.places(values), strict=True)):
            mark = _mark(place) if len(entrants) > 1 else ""
            cells[at].append(Figure("" if value is None else repr(value), column.text(value), mark=mark))
    rows = tuple((e.label, e.page, e.key, tuple(row)) for e, row in zip(entrants, cells, strict=True))
    return ImageScores(board.title, columns, rows)


@dataclass(frozen=True)
class Charts:
    """The charts of one table: box plots by metric, gain against blur, scatter data, and a colour per method."""

    boxes: tuple[BoxPlot, ...]
    blur: LineChart | None
    scatter: dict[str, Any]
    colours: dict[str, int]


def charts(board: Board, images: ImageSet, drawn: Sequence[Drawn], root: str) -> Charts:
    """Make the charts of a table; addresses of pages begin with ``root``."""
    pages = {one.name: f"{root}images/{images.slug}/{one.slug}.html" for one in drawn}
    columns = [column for column in board.table.metrics if column.averaged == "images"][:MOST_BOXES]
    names = sorted({name for entrant in board.entrants for name, record in entrant.records.items() if record.scores})
    scored = {
        column.key: {
            entrant.label: {n: r.scores[column.key] for n, r in entrant.records.items() if column.key in r.scores}
            for entrant in board.entrants
        }
        for column in columns
    }
    plots = [box_plot(c.key, c.heading, c.decimals, scored[c.key], pages) for c in columns]
    used = [column for column, plot in zip(columns, plots, strict=True) if plot is not None]
    methods = [
        {
            "key": entrant.key, "label": entrant.label,
            "scores": {c.key: [_finite(entrant, name, c.key) for name in names] for c in used},
        }
        for entrant in board.entrants
    ]  # fmt: skip
    scatter = {
        "metrics": [{"key": c.key, "title": c.title, "better": c.better, "decimals": c.decimals} for c in used],
        "methods": methods,
        "images": [{"name": name, "href": pages.get(name, "")} for name in names],
    }
    labels = {entrant.key: entrant.label for entrant in board.entrants if entrant.key != INPUT}
    colours = {entrant.label: number % _COLOURS for number, entrant in enumerate(board.entrants)}
    return Charts(tuple(plot for plot in plots if plot is not None), gain_by_blur(drawn, labels), scatter, colours)


def _finite(entrant: Entrant, name: str, metric: str) -> float | None:
    record = entrant.records.get(name)
    value = None if record is None else record.scores.get(metric)
    return value if value is not None and math.isfinite(value) else None


def sentences(contents: Contents, drawn: dict[str, list[Drawn]]) -> list[str]:
    """Return sentences that describe what was compared."""
    labels = {entrant.page for board in contents.boards for entrant in board.entrants}
    sets = sorted({one.title for one in contents.sets})
    protocols = sorted({board.table.protocol for board in contents.boards})
    dates = sorted(e.run.description.created[:10] for board in contents.boards for e in board.entrants)
    many, few = len(labels) != 1, len(protocols) == 1
    count = sum(len(images) for images in drawn.values())
    when = f"on {dates[0]}" if dates[0] == dates[-1] else f"from {dates[0]} to {dates[-1]}"
    found = [
        f"{len(labels)} method{'s' if many else ''} on {', '.join(sets)}, under protocol{'' if few else 's'} "
        f"{', '.join(protocols)}; run {when}."
    ]
    if count:
        found.append(
            f"{count} images can be looked at, each with the input, every output and, where there is one, the truth."
        )
    return found
