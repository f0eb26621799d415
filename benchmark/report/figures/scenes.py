"""Which scenes and methods a figure shows, read from the contents of a results folder."""

from collections.abc import Sequence

from benchmark import registry
from benchmark.report.charts import gain_in
from benchmark.report.contents import Entrant, ImageSet
from benchmark.report.figures.comparison import Crop, Picture, SceneRow, find_crops
from benchmark.report.layers import INPUT, TARGET, Layers, read_layers
from realdof.common.errors import InputError


def chosen_outputs(images: ImageSet, methods: Sequence[str]) -> dict[str, Entrant]:
    """The outputs of the methods named, in their order; all from the best on if none is.

    A name is a method's, or its word in the report's links.

    Raises
    ------
    InputError
        There is no such method among those with outputs.
    """
    if images.missing or images.dataset is None or images.protocol is None:
        raise InputError(f"{images.title} has no pictures to draw: {images.missing}")
    if not methods:
        return images.outputs
    found = {}
    for word in methods:
        keys = [key for key, entrant in images.outputs.items() if word in (key, entrant.row.method)]
        if not keys:
            raise registry.unknown("method with outputs", word, images.outputs)
        found[keys[0]] = images.outputs[keys[0]]
    return found


def read_scenes(images: ImageSet, outputs: dict[str, Entrant], names: Sequence[str]) -> dict[str, Layers]:
    """The layers of the images named, or of all that have every output.

    Raises
    ------
    InputError
        There is no such image, or it lacks an output.
    """
    assert images.dataset is not None
    assert images.protocol is not None
    entries = {entry.name: entry for entry in images.dataset.entries()}
    paths = {name: {key: one.output(name) for key, one in outputs.items()} for name in names or entries}
    for name in names:
        if name not in entries:
            raise registry.unknown("image", name, entries)
        lacking = [outputs[key].label for key, path in paths[name].items() if path is None]
        if lacking:
            raise InputError(f"{name} has no output of {', '.join(lacking)}; run it, or leave it out of --methods")
    whole = {name: {key: path for key, path in one.items() if path is not None} for name, one in paths.items()}
    wanted = [name for name, one in whole.items() if len(one) == len(outputs)]
    if not wanted:
        raise InputError(f"no image of {images.title} has the outputs of all methods asked for")
    return {name: read_layers(entries[name], images.protocol, whole[name]) for name in wanted}


def worst(scenes: dict[str, Layers], key: str, count: int) -> list[str]:
    """The scenes where an output gains least over the input, or harms most.

    Raises
    ------
    InputError
        No image has a truth to tell by.
    """
    gains = {name: gain_in([layers.errors], key) for name, layers in scenes.items()}
    known = {name: gain for name, gain in gains.items() if gain is not None}
    if not known:
        raise InputError("no image has an all-in-focus image, so no failure can be told")
    return sorted(known, key=lambda name: known[name])[:count]


def scene_rows(
    scenes: dict[str, Layers], outputs: dict[str, Entrant], images: ImageSet, crops: Sequence[Crop]
) -> list[SceneRow]:
    """The rows of the comparison: the input, every output with its scores, and the truth.

    Without crops, two are found where the first output and the input differ most.
    """
    rows = []
    for name, layers in scenes.items():
        pictures = [Picture("input", layers.pictures[INPUT], _scores(images, _of_input(images), name))]
        pictures += [
            Picture(one.label, layers.pictures[key], _scores(images, one, name)) for key, one in outputs.items()
        ]
        if TARGET in layers.pictures:
            pictures.append(Picture("truth", layers.pictures[TARGET], "PSNR / SSIM"))
        found = tuple(crops) or find_crops(layers.pictures[next(iter(outputs))], layers.pictures[INPUT])
        rows.append(SceneRow(name, tuple(pictures), found))
    return rows


def _of_input(images: ImageSet) -> Entrant | None:
    """The row `input`, if it was measured."""
    return next((one for board in images.boards for one in board.entrants if one.key == INPUT), None)


def _scores(images: ImageSet, entrant: Entrant | None, name: str) -> str:
    if entrant is None or name not in entrant.records:
        return ""
    scores = entrant.records[name].scores
    columns = {column.key: column for board in images.boards for column in board.table.metrics}
    shown = [columns[key].text(scores[key]) for key in ("psnr", "ssim") if key in scores and key in columns]
    return " / ".join(shown)
