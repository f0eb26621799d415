"""Check a data set on disk against its manifest."""

import json
from collections.abc import Iterator
from pathlib import Path

from realdof.common.decode import read_text
from realdof.common.errors import InputError
from realdof.common.files import sha256_of
from realdof.dataset.croissant import croissant
from realdof.dataset.layout import BUILD, CROISSANT, FOLDERS, MANIFEST, PAIR, record_path
from realdof.dataset.manifest import (
    Manifest,
    OutputFile,
    SceneRecord,
    read_build,
    read_manifest,
    read_record,
    without_maps,
)
from realdof.images.headers import read_header

_BITS = 16


def faults(out: Path) -> Iterator[str]:
    """Check a built data set: the hashes, pairing, sizes and bit depth of its files.

    Yields
    ------
    str
        One sentence for each fault.

    Raises
    ------
    InputError
        There is no manifest, or it cannot be read.
    """
    manifest = read_manifest(out)
    yield from _wrong_build(out, manifest)
    yield from _wrong_croissant(out, manifest)
    for scene in manifest.scenes:
        yield from _wrong_record(out, manifest, scene)
        yield from _wrong_pair(scene)
        for image in (*scene.outputs.values(), *scene.stages.values()):
            yield from _wrong_image(out, image)
    yield from _strangers(out, manifest)


def _wrong_build(out: Path, manifest: Manifest) -> Iterator[str]:
    try:
        if read_build(out) != manifest.build:
            yield f"{out / BUILD} tells of another build than {MANIFEST}"
    except InputError as error:
        yield str(error)


def _wrong_croissant(out: Path, manifest: Manifest) -> Iterator[str]:
    path = out / CROISSANT
    try:
        content = json.loads(read_text(path, "build the data set again"))
    except InputError as error:
        yield f"{path} is missing" if not path.exists() else str(error)
    except (ValueError, RecursionError) as error:
        yield f"{path} cannot be read ({error})"
    else:
        if not isinstance(content, dict):
            yield f"{path} holds no Croissant metadata, but {type(content).__name__}; build the data set again"
            return
        expected = croissant(manifest, sha256_of(out / MANIFEST))
        # Further fields are allowed: publishers add licence, creator and date.
        changed = [name for name in expected if content.get(name) != expected[name]]
        if changed:
            yield f"{path} does not fit {MANIFEST}: its {changed[0]!r} is another"


def _wrong_record(out: Path, manifest: Manifest, scene: SceneRecord) -> Iterator[str]:
    path = record_path(out, scene.name)
    if scene.verdict == "failed":
        return
    if not path.is_file():
        yield f"{path} is missing"
    elif sha256_of(path) != manifest.records.get(scene.name):
        yield f"{path} was changed after it was written"
    else:
        try:
            if without_maps(read_record(out, scene.name)) != scene:
                yield f"{MANIFEST} tells otherwise of scene {scene.name} than {path}"
        except InputError as error:
            yield str(error)


def _wrong_pair(scene: SceneRecord) -> Iterator[str]:
    wanted = PAIR if scene.verdict in ("accepted", "doubtful") else ()
    for role in PAIR:
        if (role in scene.outputs) != (role in wanted):
            words = "has no" if role in wanted else "nevertheless has a"
            yield f"scene {scene.name} is {scene.verdict} and {words} {role} image"
    sizes = {(scene.outputs[role].height, scene.outputs[role].width) for role in wanted if role in scene.outputs}
    if len(sizes) > 1:
        yield f"scene {scene.name} has source and target images of different sizes"


def _wrong_image(out: Path, image: OutputFile) -> Iterator[str]:
    path = out / image.file
    if not path.is_file():
        yield f"{path} is missing"
        return
    if sha256_of(path) != image.sha256:
        yield f"{path} was changed after it was written"
    try:
        header = read_header(path)
    except InputError as error:
        yield str(error)
        return
    if (header.height, header.width) != (image.height, image.width):
        yield f"{path} is {header.width}x{header.height}, {MANIFEST} says {image.width}x{image.height}"
    if header.bits != _BITS or image.bits != _BITS:
        yield f"{path} has {header.bits} bits a channel; {_BITS} would be right"


def _strangers(out: Path, manifest: Manifest) -> Iterator[str]:
    scenes = manifest.scenes
    known = {out / image.file for scene in scenes for image in (*scene.outputs.values(), *scene.stages.values())}
    known |= {record_path(out, name) for name in manifest.records}
    for path in sorted(path for folder in FOLDERS for path in (out / folder).rglob("*")):
        if path not in known and not path.is_dir():
            yield f"{path} belongs to no scene of {MANIFEST}"
