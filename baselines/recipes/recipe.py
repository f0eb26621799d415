"""A recipe: what a repository's script is called with, where it looks for images, and where it leaves results."""

import re
import string
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from benchmark.results.settings import check_name
from realdof.common.decode import Strict, read_toml
from realdof.common.errors import InputError

LIBRARY = Path(__file__).parent / "library"
"""The recipes that come with the package."""
SUFFIX = ".toml"
_REMEDY = "docs/how-to/recipes.md describes the fields"
_SPEC = re.compile(r"0?\d{0,2}")


def _fields(text: str, known: set[str], numbered: bool) -> str:
    """The text, if every place in braces is one of the known, in the form that it may have."""
    for _, field, spec, conversion in string.Formatter().parse(text):
        if field is None:
            continue
        if field not in known:
            raise ValueError(f"{{{field}}} is no place; there are {', '.join(f'{{{name}}}' for name in sorted(known))}")
        if conversion or not _SPEC.fullmatch(spec or "") or (spec and not numbered):
            raise ValueError(f"{{{field}}} has another form than a number of digits, such as {{number:04}}")
    return text


def _inside(text: str) -> str:
    """The path, if it is relative and does not lead out of the folder."""
    parts = text.split("/")
    if not text or text.startswith("/") or "\\" in text or ":" in re.sub(r"\{[^{}]*\}", "", text):
        raise ValueError("give a path inside the repository, with / between its parts")
    if any(part in ("", ".", "..") or part == ".git" for part in parts):
        raise ValueError("give a path inside the repository, without empty parts, . and ..")
    return text


def _place(text: str) -> str:
    """The path of one image, with its number in it."""
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
    """A file or folder of weights in the repository, where it is to be had, and its SHA-256 if that is known."""

    path: PathInside
    source: str
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None


class Layout(Strict):
    """Where the script looks for each image; ``target`` gets the defocused image in the truth's place."""

    input: Place | None = None
    left: Place | None = None
    right: Place | None = None
    target: Place | None = None


class Edit(Strict):
    """A text that is replaced in the copy of a file of the repository, where it occurs exactly once."""

    file: PathInside
    find: Annotated[str, Field(min_length=1)]
    replace: str


class ImageList(Strict):
    """A file that lists the images, a line each, with {input}, {left}, {right} and {target} as places."""

    file: PathInside
    line: str

    @model_validator(mode="after")
    def _known(self) -> "ImageList":
        _fields(self.line, {"input", "left", "right", "target"}, numbered=False)
        return self


class TextFile(Strict):
    """A file that is written as it stands, in the place of the repository's."""

    file: PathInside
    text: str


class Recipe(Strict):
    """How the authors' code of one method is run.

    Attributes
    ----------
    name, title, summary, inputs, paper, licence, year, parameters_m
        For the card; parameters in millions, as the authors print them.
    repository, commit
        Where the code is, and the version whose scripts this was read from.
    environment
        What it needs, in words.
    unverified
        What could not be tried or looked up, one sentence each.
    weights
        What must lie in the repository.
    run
        The command line as the script takes it, word by word; ``{python}`` is the interpreter of its environment, and
        ``{folder}`` the copy that it runs in.
    where
        The folder that it is started in.
    bits
        Depth in bits of the files that the script reads.
    multiple
        The sides that the script cuts images to are multiples of this, px.
    size
        Width and height in px of the only images that it takes; None for any.
    layout
        Where it looks for images.
    output
        Where it leaves each result; ``*`` stands for what cannot be known, such as the time.
    edits, lists, files
        What has to be changed or written before it starts, in the copy.
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
    """The recipe of this name, or in this file.

    Parameters
    ----------
    name
        Of a recipe that comes with the package, or the path of a file that ends in .toml.

    Raises
    ------
    InputError
        There is none, or it is wrong.
    """
    from benchmark.registry import unknown

    if name.endswith(SUFFIX):
        return read_toml(Path(name), Recipe, _REMEDY)
    if name not in recipe_names():
        raise unknown("recipe", name, recipe_names())
    return read_toml(LIBRARY / f"{name}{SUFFIX}", Recipe, _REMEDY)


def recipe_names() -> list[str]:
    """Names of the recipes that come with the package, sorted."""
    return sorted(path.stem for path in LIBRARY.glob(f"*{SUFFIX}"))
