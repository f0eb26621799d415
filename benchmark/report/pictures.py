"""The pictures of a leaderboard's page: input, outputs and all-in-focus image of some scenes, as small WebP files."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from benchmark.datasets.base import Dataset, Entry
from benchmark.leaderboards.column import Column
from benchmark.leaderboards.rows import Row
from benchmark.protocols.base import Protocol
from benchmark.results.record import Record
from benchmark.results.run import Run
from realdof.common.errors import InputError
from realdof.common.files import atomic_path
from realdof.dataset.report.pictures import detail_corner
from realdof.images.depth import pixels_from_image, to_eight_bits
from realdof.images.files import read_pixels
from realdof.images.resize import area_resize

WHOLE_WIDTH = 960
"""px of the whole image's picture; an image that is narrower keeps its size."""
DETAIL = (428, 640)
"""Height and width in px of the detail that is shown pixel for pixel."""
MOST_METHODS = 8
_QUALITY = 88


@dataclass(frozen=True)
class Views:
    """Addresses of one image's two pictures, relative to the page: all of it, and a detail pixel for pixel."""

    whole: str
    detail: str


@dataclass(frozen=True)
class Output:
    """What one method made of a scene: its label, its pictures, and its scores in words, by metric."""

    label: str
    views: Views
    scores: Mapping[str, str]


@dataclass(frozen=True)
class Scene:
    """One image of the data set; ``target`` is None where there is no all-in-focus image."""

    name: str
    input: Views
    target: Views | None
    outputs: tuple[Output, ...]
    metrics: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class _Run:
    label: str
    chosen: Run
    records: dict[str, Record]


def draw_scenes(
    rows: Sequence[Row],
    dataset: Dataset,
    protocol: Protocol,
    metrics: Sequence[Column],
    folder: Path,
    most: int,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> list[Scene]:
    """Write the pictures of some scenes, spread evenly over the data set, into a folder beside the page.

    Parameters
    ----------
    rows
        Of the leaderboard; the first `MOST_METHODS` whose runs kept their outputs are shown.
    protocol
        How images are read and brought to the outputs' size.
    metrics
        Columns of the scores to show.
    folder
        Where the pictures go; the page links to it by its name.
    most
        How many scenes at most.
    report
        Called with the number of scenes drawn and the number of all.

    Raises
    ------
    InputError
        The data set is not at hand, its images are not those of the runs, or no run has kept an output.
    """
    runs = _runs_with_outputs(rows)
    entries = dataset.entries()
    _check_images(runs, dataset)
    names = {name for run in runs for name in run.records if run.chosen.output(name).is_file()}
    shown = [entry for entry in entries if entry.name in names]
    if not shown:
        raise InputError("no run has kept its outputs")
    picked = [shown[at] for at in sorted({round(place) for place in np.linspace(0, len(shown) - 1, most)})]
    scenes = []
    for number, entry in enumerate(picked):
        report(number, len(picked))
        scenes.append(_scene(number, entry, runs, protocol, metrics, folder))
    report(len(picked), len(picked))
    return scenes


def _runs_with_outputs(rows: Sequence[Row]) -> list[_Run]:
    found: list[_Run] = []
    measured = [(row.folder, _label(row)) for row in rows if row.folder is not None]
    labels = [label for _, label in measured]
    for folder, label in measured:
        if len(found) == MOST_METHODS:
            break
        chosen = Run(folder)
        records = chosen.records()
        if any(chosen.output(name).is_file() for name in records):
            unique = label if labels.count(label) == 1 else f"{label}, {chosen.id[:6]}"
            found.append(_Run(unique, chosen, records))
    return found


def _label(row: Row) -> str:
    return f"{row.method} ({row.weights})" if row.weights else row.method


def _check_images(runs: Sequence[_Run], dataset: Dataset) -> None:
    identity = dataset.identity()
    if any(run.chosen.settings.images != identity for run in runs):
        raise InputError(f"the images in {dataset.root} are not those that the runs are on; give their --root")


def _scene(
    number: int, entry: Entry, runs: Sequence[_Run], protocol: Protocol, metrics: Sequence[Column], folder: Path
) -> Scene:
    def fitted(path: Path) -> np.ndarray:
        return pixels_from_image(protocol.fit(protocol.read(path)), 8)

    source = fitted(entry.image)
    target = None if entry.target is None else fitted(entry.target)
    # Where the all-in-focus image has the most detail, defocus takes the most away.
    corner = detail_corner(source if target is None else target, DETAIL)
    top, left = corner.top, corner.left

    def drawn(pixels: np.ndarray, role: str) -> Views:
        detail = pixels[top : top + DETAIL[0], left : left + DETAIL[1]]
        return Views(
            _written(folder / f"{number:03d}-{role}.webp", _whole(pixels)),
            _written(folder / f"{number:03d}-{role}-detail.webp", detail),
        )

    outputs = []
    for run in runs:
        path, record = run.chosen.output(entry.name), run.records.get(entry.name)
        if record is not None and path.is_file():
            scores = {column.key: column.text(record.scores.get(column.key)) for column in metrics}
            views = drawn(to_eight_bits(read_pixels(path)), run.chosen.id)
            outputs.append(Output(run.label, views, {name: text for name, text in scores.items() if text}))
    scored = tuple(column.key for column in metrics if any(column.key in output.scores for output in outputs))
    return Scene(
        entry.name, drawn(source, "input"), None if target is None else drawn(target, "target"), tuple(outputs), scored
    )


def _whole(pixels: np.ndarray) -> np.ndarray:
    height, width = pixels.shape[:2]
    return pixels if width <= WHOLE_WIDTH else area_resize(pixels, round(height * WHOLE_WIDTH / width), WHOLE_WIDTH)


def _written(path: Path, pixels: np.ndarray) -> str:
    contiguous = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2BGR)
    encoded = cv2.imencode(".webp", contiguous, [cv2.IMWRITE_WEBP_QUALITY, _QUALITY])[1]
    with atomic_path(path) as temporary:
        temporary.write_bytes(encoded.tobytes())
    return f"{path.parent.name}/{path.name}"
