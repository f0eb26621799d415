"""Copy a repository and put images where its script reads them; the repository itself is never changed."""

import hashlib
import shutil
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import numpy as np

from baselines.command.program import ProgramError
from baselines.recipes.recipe import Recipe
from benchmark.method import Image, Sample
from realdof.common.errors import InputError
from realdof.common.files import sha256_of
from realdof.images.depth import image_from_pixels, pixels_from_image, to_eight_bits
from realdof.images.files import read_pixels, write_pixels

_COPIED = 4 * 2**20
"""Largest file in bytes that is copied; larger files, such as weights, are linked."""
_GLOB = "*"


def check_repository(recipe: Recipe, repository: Path) -> str:
    """Check that a repository holds what a recipe needs; return the SHA-256 of its weights.

    Raises
    ------
    InputError
        The repository is not a folder, or weights are missing or differ from the recipe's.
    """
    if not repository.is_dir():
        raise InputError(f"{repository} is no folder; get it with: git clone {recipe.repository}")
    hashes = []
    for weights in recipe.weights:
        path = repository / weights.path
        if not path.exists():
            raise InputError(
                f"{recipe.name} needs {weights.path} in {repository}, which is not there: {weights.source}"
            )
        found = sha256_of(path) if path.is_file() else _sha256_of_folder(path)
        if weights.sha256 not in (None, found):
            raise InputError(f"{path} has SHA-256 {found}, the recipe's is {weights.sha256}; fetch it again")
        hashes.append(found)
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()


def _sha256_of_folder(folder: Path) -> str:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return hashlib.sha256("".join(sha256_of(path) for path in files).encode()).hexdigest()


def copy_repository(recipe: Recipe, repository: Path, folder: Path) -> None:
    """Copy a repository without its history, old images and old results, and make the recipe's edits.

    Raises
    ------
    InputError
        A text that the recipe edits is missing from the repository, or occurs several times.
    """
    layout = recipe.layout
    images = [place for place in (layout.input, layout.left, layout.right, layout.target) if place is not None]
    fresh = {PurePosixPath(place).parent for place in images} | {_fixed(recipe.output)}

    def left_out(directory: str, names: list[str]) -> list[str]:
        inside = PurePosixPath(Path(directory).relative_to(repository).as_posix())
        return [name for name in names if name == ".git" or inside / name in fresh]

    shutil.copytree(repository, folder, ignore=left_out, copy_function=_copy_or_link, symlinks=False)
    for edit in recipe.edits:
        _replace(recipe, folder, edit.file, edit.find, edit.replace)
    for text in recipe.files:
        _write(folder / text.file, text.text)


def _fixed(output: str) -> PurePosixPath:
    """Return the part of the output's folder that is known before the script runs."""
    parts = PurePosixPath(output).parent.parts
    known = next((at for at, part in enumerate(parts) if _GLOB in part), len(parts))
    return PurePosixPath(*parts[:known])


def _copy_or_link(source: str, destination: str) -> None:
    if Path(source).stat().st_size > _COPIED:
        Path(destination).symlink_to(Path(source).resolve())
    else:
        shutil.copyfile(source, destination)


def _replace(recipe: Recipe, folder: Path, file: str, find: str, replacement: str) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    if text.count(find) != 1:
        found = f"{text.count(find)} times" if path.is_file() else "in no such file"
        raise InputError(
            f"{recipe.name} edits {find!r} in {file}, which the repository has {found}; check out {recipe.commit}"
        )
    _write(path, text.replace(find, replacement))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def place_images(recipe: Recipe, samples: Iterable[Sample], folder: Path) -> dict[str, int]:
    """Write the images that the script needs for each sample; return each sample's number, from 1, by its name.

    Raises
    ------
    InputError
        An image has a size that the script does not accept, or the dual-pixel views are missing.
    """
    numbers: dict[str, int] = {}
    lines: list[dict[str, str]] = []
    for number, sample in enumerate(samples, 1):
        numbers[sample.name] = number
        given = {"input": sample.image, "left": sample.left, "right": sample.right, "target": sample.image}
        written = {}
        for view, image in given.items():
            place = getattr(recipe.layout, view)
            if place is None:
                continue
            if image is None:
                raise InputError(f"{recipe.name} needs dual-pixel views, which {sample.name} does not have")
            written[view] = place.format(number=number, index=number - 1)
            write_pixels(folder / written[view], _pixels(recipe, sample.name, image))
        lines.append(written)
    for listed in recipe.lists:
        _write(folder / listed.file, "".join(f"{listed.line.format(**line)}\n" for line in lines))
    return numbers


def _pixels(recipe: Recipe, name: str, image: Image) -> np.ndarray:
    from torch.nn import functional

    height, width = image.shape[-2:]
    if recipe.size is not None and (width, height) != recipe.size:
        raise InputError(
            f"{name} is {width}x{height}; the script of {recipe.name} takes {recipe.size[0]}x{recipe.size[1]} alone"
        )
    padding = (0, -width % recipe.multiple, 0, -height % recipe.multiple)
    extended = functional.pad(image[None], padding, mode="replicate")[0] if any(padding) else image
    if recipe.bits == 16:
        return pixels_from_image(extended, 16)
    return pixels_from_image(extended, 8) if _is_eight_bits(image) else to_eight_bits(pixels_from_image(extended, 16))


def _is_eight_bits(image: Image) -> bool:

    levels = image * 255
    return bool(levels.allclose(levels.round(), rtol=0, atol=1e-4))


def read_result(recipe: Recipe, folder: Path, number: int, image: Image) -> Image:
    """Read the script's result for an image, cut to the image's size.

    Raises
    ------
    ProgramError
        There is no file, several files, an unreadable image, or an image of another size.
    """
    place = recipe.output.format(number=number, index=number - 1)
    found = sorted(folder.glob(place))
    if len(found) != 1:
        raise ProgramError(f"wrote {'nothing' if not found else f'{len(found)} files'} at {place}")
    try:
        output = image_from_pixels(read_pixels(found[0]))
    except InputError as error:
        raise ProgramError(f"wrote a {found[0].name} that cannot be read ({error})") from error
    height, width = image.shape[-2:]
    expected = (height + -height % recipe.multiple, width + -width % recipe.multiple)
    if tuple(output.shape[-2:]) != expected:
        size, right = (f"{one[1]}x{one[0]}" for one in (output.shape[-2:], expected))
        raise ProgramError(f"wrote a {found[0].name} of {size} for an image of {right}")
    return output[:, :height, :width]
