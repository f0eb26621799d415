"""A recipe: how to call a repository's script, where it reads images, and where it writes results."""

import re
import string
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from benchmark.results.settings import check_name
from realdof.common.decode import Strict, read_toml
from realdof.common.errors import InputError

LIBRARY = Path(__file__).parent / "library"
"""Folder of the package's recipes."""
SUFFIX = ".toml"
_REMEDY = "docs/how-to/recipes.md describes the fields"
_SPEC = re.compile(r"0?\d{0,2}")


def _fields(text: str, known: set[str], numbered: bool) -> str:
    """Check that every placeholder in braces is known and has an allowed format; return the text."""
    for _, field, spec, conversion in string.Formatter().parse(text):
        if field is None:
            continue
        if field not in known:
            raise ValueError(f"{{{field}}} is no place; there are {', '.join(f'{{{name}}}' for name in sorted(known))}")
        if conversion or not _SPEC.fullmatch(spec or "") or (spec and not numbered):
            raise ValueError(f"{{{field}}} has another form than a number of digits, such as {{number:04}}")
    return text


def _inside(text: str) -> str:
    """Check that a path is relative and stays inside the folder; return it."""
    parts = text.split("/")
    if not text or text.startswith("/") or "\\" in text or ":" in re.sub(r"\{[^{}]*\}", "", text):
        raise ValueError("give a path inside the repository, with / between its parts")
    if any(part in ("", ".", "..") or part == ".git" for part in parts):
        raise ValueError("give a path inside the repository, without empty parts, . and ..")
    return text


def _place(text: str) -> str:
    """Check that an image's path contains a placeholder for its number; return it."""
    _fields(_inside(text), {"number", "index"}, numbered=True)
    if "{number" not in text and "{index" not in text:
        raise ValueError("name the image's {number} (from 1) or {index} (from 0), as in results/{number:04}.png")
    return text


def _single_place(text: str) -> str:
    if "*" in text:
        raise ValueError("* belongs to the path of the output alone")
    return _place(text)


def _word(text: str) -> str:
    return _fields(text, {"python", "folder"}, numbered=False)


def _name(text: str) -> str:
    try:
        return check_name(text)
    except InputError as error:
        raise ValueError(str(error)) from error


PathInside = Annotated[str, AfterValidator(_inside)]
Place = Annotated[str, AfterValidator(_single_place)]
Words = Annotated[tuple[Annotated[str, AfterValidator(_word)], ...], Field(strict=False, min_length=1)]


class RecipeWeights(Strict):
    """A file or folder of weights in the repository, where to get it, and its SHA-256 if known."""

    path: PathInside
    source: str
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None


class Layout(Strict):
    """Where the script reads each image; ``target`` gets the defocused image instead of the ground truth."""

    input: Place | None = None
    left: Place | None = None
    right: Place | None = None
    target: Place | None = None


class Edit(Strict):
    """A replacement in the copy of one of the repository's files, which must contain the text exactly once."""

    file: PathInside
    find: Annotated[str, Field(min_length=1)]
    replace: str


class ImageList(Strict):
    """A file that lists the images, one per line; {input}, {left}, {right} and {target} stand for their paths."""

    file: PathInside
    line: str

    @model_validator(mode="after")
    def _known(self) -> "ImageList":
        _fields(self.line, {"input", "left", "right", "target"}, numbered=False)
        return self


class TextFile(Strict):
    """A file with this text, which replaces the repository's."""

    file: PathInside
    text: str


class Recipe(Strict):
    """How to run the authors' code of one method.

    Attributes
    ----------
    name, title, summary, inputs, paper, licence, year, parameters_m
        Fields of the card; parameters in millions, as printed by the authors.
    repository, commit
        Address of the code, and the version for which the recipe was written.
    environment
        The required environment, in words.
    unverified
        Facts that could not be tried or looked up, one sentence each.
    weights
        Files that must be in the repository.
    run
        The command line, word by word; ``{python}`` stands for the environment's interpreter, ``{folder}`` for the
        copy of the repository in which the script runs.
    where
        Working directory of the script; the copy itself if None.
    bits
        Bit depth of the files that the script reads.
    multiple
        Images are padded so that their sides are multiples of this, px.
    size
        The only width and height in px that the script accepts; None for any.
    layout
        Where the script reads images.
    output
        Where the script writes each result; ``*`` stands for an unknown part, such as the time.
    edits, lists, files
        Changes made in the copy before the script starts.
    """

    name: Annotated[str, AfterValidator(_name)]
    title: str
    summary: str
    inputs: Literal["single", "dual"]
    paper: str
    year: Annotated[int, Field(ge=1990, le=2100)]
    licence: str
    parameters_m: Annotated[float, Field(gt=0)] | None = None
    repository: Annotated[str, Field(pattern="^https://")]
    commit: Annotated[str, Field(pattern="^[0-9a-f]{7,40}$")]
    environment: str
    unverified: Annotated[tuple[str, ...], Field(strict=False)] = ()
    weights: Annotated[tuple[RecipeWeights, ...], Field(strict=False, min_length=1)]
    run: Words
    where: PathInside | None = None
    bits: Literal[8, 16] = 8
    multiple: Annotated[int, Field(ge=1, le=256)] = 1
    size: Annotated[tuple[int, int], Field(strict=False)] | None = None
    layout: Layout
    output: Annotated[str, AfterValidator(_place)]
    edits: Annotated[tuple[Edit, ...], Field(strict=False)] = ()
    lists: Annotated[tuple[ImageList, ...], Field(strict=False)] = ()
    files: Annotated[tuple[TextFile, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _consistent(self) -> "Recipe":
        views = (self.layout.left, self.layout.right)
        if self.inputs == "dual" and None in views:
            raise ValueError("a dual-pixel method needs layout.left and layout.right")
        if self.inputs == "single" and (self.layout.input is None or views != (None, None)):
            raise ValueError("a single-image method needs layout.input, and neither layout.left nor layout.right")
        return self


def read_recipe(name: str) -> Recipe:
    """Read a recipe by its name or from a file.

    Parameters
    ----------
    name
        Name of one of the package's recipes, or the path of a .toml file.

    Raises
    ------
    InputError
        The recipe does not exist or is invalid.
    """
    from benchmark.registry import unknown

    if name.endswith(SUFFIX):
        return read_toml(Path(name), Recipe, _REMEDY)
    if name not in recipe_names():
        raise unknown("recipe", name, recipe_names())
    return read_toml(LIBRARY / f"{name}{SUFFIX}", Recipe, _REMEDY)


def recipe_names() -> list[str]:
    """Return the names of the package's recipes, sorted."""
    return sorted(path.stem for path in LIBRARY.glob(f"*{SUFFIX}"))
