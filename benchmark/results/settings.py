"""What determines a run's figures: the settings, and the id computed from them."""

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from realdof.common.decode import Strict
from realdof.common.errors import InputError
from realdof.common.plain import plain

FORBIDDEN = frozenset('/\\:*?"<>|\N{REPLACEMENT CHARACTER}') | {chr(code) for code in range(32)}
"""Characters that no portable file name has."""
LONGEST_NAME = 200
"""Bytes of UTF-8; file systems allow 255, and an output's name gains a suffix and a temporary prefix."""

_DEEPEST = 8


def check_name(name: object) -> str:
    """Return a name of a data set, method, image or run if it can be a file name, and refuse it otherwise.

    Raises
    ------
    InputError
        It is no text, empty, hidden, too long, or has a character that would lead out of the results folder.
    """
    fits = isinstance(name, str) and name.strip() and not name.startswith(".") and not set(name) & FORBIDDEN
    # A name of a file that is no UTF-8 holds halves of characters, which no JSON file can be written with.
    fits = fits and not any("\ud800" <= letter < "\ue000" for letter in str(name)) and plain(str(name)) == name
    if not isinstance(name, str) or not fits or len(name.encode(errors="replace")) > LONGEST_NAME:
        raise InputError(
            f"{str(name)[:LONGEST_NAME]!r} cannot be a name in a results folder; use letters, digits, - and _"
        )
    return name


def _as_field(name: str) -> str:
    try:
        return check_name(name)
    except InputError as error:
        raise ValueError(str(error)) from error


Name = Annotated[str, AfterValidator(_as_field)]
"""A field that `check_name` accepts."""


class PlainTexts(Strict):
    """A model whose texts come without characters that steer a terminal or a page, whatever its file holds."""

    @model_validator(mode="before")
    @classmethod
    def _plain_texts(cls, content: Any) -> Any:
        return _without_controls(content) if isinstance(content, Mapping) else content


def _without_controls(content: Any, depth: int = 0) -> Any:
    """Every text in objects and lists made plain; what is nested deeper than any file of ours is left to the model."""
    if isinstance(content, str):
        return plain(content)
    if depth < _DEEPEST and isinstance(content, Mapping):
        return {
            plain(key) if isinstance(key, str) else key: _without_controls(item, depth + 1)
            for key, item in content.items()
        }
    if depth < _DEEPEST and isinstance(content, list | tuple):
        return type(content)(_without_controls(item, depth + 1) for item in content)
    return content


class Settings(Strict):
    """Everything that determines a run's figures.

    Attributes
    ----------
    method
        The method's name.
    weights
        SHA-256 of the weights' file; None for a method without weights.
    dataset, images, count
        The data set's name, its identity, and how many of its images the run is on.
    protocol, protocol_version
        How images are read and scored.
    dtype
        The type that the method computes in.
    tiling
        How every image is cut; None if the method decides.
    device
        Kind of device: ``cpu``, ``cuda``.
    rescored
        Id of the run whose outputs were scored; None for a run of its own.
    """

    method: Name
    weights: str | None
    dataset: Name
    images: str
    count: Annotated[int, Field(ge=0)]
    protocol: Name
    protocol_version: int
    dtype: str = "float32"
    tiling: str | None = None
    device: str = "cpu"
    rescored: Name | None = None

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits that the same settings always give."""
        # A run of its own has no such key, as in the ids of the first release.
        content = self.model_dump(exclude=None if self.rescored is not None else {"rescored"})
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]
