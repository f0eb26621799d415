"""Choose the scenes and methods of a figure, and read their images."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from benchmark import registry
from benchmark.datasets.base import Entry
from benchmark.leaderboards.render.latex import Names
from benchmark.protocols.base import Protocol
from benchmark.report.charts import Errors, gain_in
from benchmark.report.contents import Board, Entrant, ImageSet
from benchmark.report.figures.comparison import Crop, Picture, SceneRow, find_crops
from benchmark.report.layers import INPUT, TARGET, Layers, read_layers
from realdof.common.errors import InputError

Key = TypeVar("Key", bound=Hashable)


def chosen_outputs(images: ImageSet, methods: Sequence[str], names: Names = "short") -> dict[str, Entrant]:
    """Return the outputs of the named methods in that order; without names, all outputs from best to worst.

    A name is that of a method, or its name in the report's links.

    Raises
    ------
    InputError
        No method with outputs has that name.
    """
    if images.missing or images.dataset is None or images.protocol is None:
        raise InputError(f"{images.title} has no pictures to draw: {images.missing}")
    if not methods:
        return _named(images.outputs, names)
    found = {}
    for word in methods:
        keys = [key for key, entrant in images.outputs.items() if word in (key, entrant.row.method)]
        if not keys:
            raise registry.unknown("method with outputs", word, images.outputs)
        found[keys[0]] = images.outputs[keys[0]]
    return _named(found, names)


def chosen_entrants(board: Board, methods: Sequence[str], names: Names = "short") -> list[Entrant]:
    """Return the runs of the named methods in that order; without names, all runs from best to worst.

    Raises
    ------
    InputError
        No method in the table has that name.
    """
    found = [] if methods else list(board.entrants)
    for word in methods:
        named = [entrant for entrant in board.entrants if word in (entrant.key, entrant.row.method)]
        if not named:
            raise registry.unknown("method with runs", word, [entrant.row.method for entrant in board.entrants])
        found.append(named[0])
    return list(_named(dict(enumerate(found)), names).values())


def _named(entrants: Mapping[Key, Entrant], names: Names) -> dict[Key, Entrant]:
    """Label the entrants by their methods' titles; keep the label where two entrants share a title."""
    if names == "full":
        return dict(entrants)
    titles = [one.run.method.title for one in entrants.values()]
    return {
        key: replace(one, label=title) if titles.count(title) == 1 else one
        for (key, one), title in zip(entrants.items(), titles, strict=True)
    }


def readable(images: ImageSet) -> tuple[dict[str, Entry], Protocol]:
    """Return the entries by name and the protocol that reads them, for a set that `chosen_outputs` has accepted."""
    assert images.dataset is not None
    assert images.protocol is not None
    return {entry.name: entry for entry in images.dataset.entries()}, images.protocol


def complete(images: ImageSet, outputs: Mapping[str, Entrant]) -> list[str]:
    """Return the names of the images that have outputs of all methods.

    Raises
    ------
    InputError
        There is no such image.
    """
    entries, _ = readable(images)
    found = [name for name in entries if all(one.output(name) is not None for one in outputs.values())]
    if not found:
        raise InputError(f"no image of {images.title} has the outputs of all methods asked for")
    return found


def read_scenes(images: ImageSet, outputs: Mapping[str, Entrant], names: Sequence[str]) -> dict[str, Layers]:
    """Read the layers of the named images.

    Raises
    ------
    InputError
        An image does not exist, or lacks an output.
    """
    entries, protocol = readable(images)
    paths: dict[str, dict[str, Path]] = {}
    for name in names:
        if name not in entries:
            raise registry.unknown("image", name, entries)
        found = {key: one.output(name) for key, one in outputs.items()}
        lacking = [outputs[key].label for key, path in found.items() if path is None]
        if lacking:
            raise InputError(f"{name} has no output of {', '.join(lacking)}; run it, or leave it out of --methods")
        paths[name] = {key: path for key, path in found.items() if path is not None}
    return {name: read_layers(entries[name], protocol, one) for name, one in paths.items()}


def errors_of(images: ImageSet, outputs: Mapping[str, Entrant]) -> dict[str, Errors]:
    """Return the errors by band of blur of every image that has all outputs, reading one image at a time."""
    return {name: read_scenes(images, outputs, [name])[name].errors for name in complete(images, outputs)}


def worst_first(errors: Mapping[str, Errors], key: str) -> list[str]:
    """Sort the images by an output's gain over the input, the smallest gain or largest loss first.

    Raises
    ------
    InputError
        No image has an all-in-focus image.
    """
    gains = {name: gain_in([one], key) for name, one in errors.items()}
    known = {name: gain for name, gain in gains.items() if gain is not None}
    if not known:
        raise InputError("no image has an all-in-focus image, so no failure can be told")
    return sorted(known, key=lambda name: known[name])


def scene_rows(
    scenes: Mapping[str, Layers], outputs: Mapping[str, Entrant], images: ImageSet, crops: Sequence[Crop]
) -> list[SceneRow]:
    """Make the rows of the comparison: the input, every output with its scores, and the truth.

    Without crops, two are chosen where the first two outputs, or the only output and the input, differ most.
    """
    rows = []
    for name, layers in scenes.items():
        pictures = [Picture("input", layers.pictures[INPUT], _scores(images, _of_input(images), name))]
        pictures += [
            Picture(one.label, layers.pictures[key], _scores(images, one, name)) for key, one in outputs.items()
        ]
        if TARGET in layers.pictures:
            pictures.append(Picture("truth", layers.pictures[TARGET], "PSNR / SSIM"))
        one, other = [*outputs, INPUT][:2]
        found = tuple(crops) or find_crops(layers.pictures[one], layers.pictures[other])
        rows.append(SceneRow(name, tuple(pictures), found))
    return rows


def _of_input(images: ImageSet) -> Entrant | None:
    """Return the entrant of the method ``input``, or None if it was not run."""
    return next((one for board in images.boards for one in board.entrants if one.key == INPUT), None)


def _scores(images: ImageSet, entrant: Entrant | None, name: str) -> str:
    if entrant is None or name not in entrant.records:
        return ""
    scores = entrant.records[name].scores
    columns = {column.key: column for board in images.boards for column in board.table.metrics}
    shown = [columns[key].text(scores[key]) for key in ("psnr", "ssim") if key in scores and key in columns]
    return " / ".join(shown)
