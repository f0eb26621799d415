"""The settings that determine a run's figures, and the id computed from them."""

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from realdof.common.decode import Strict
from realdof.common.errors import InputError
from realdof.common.plain import plain

FORBIDDEN = frozenset('/\\:*?"<>|\N{REPLACEMENT CHARACTER}') | {chr(code) for code in range(32)}
"""Characters that are not allowed in portable file names."""
LONGEST_NAME = 200
"""Longest name, bytes of UTF-8: file systems allow 255, and outputs gain a suffix and a temporary prefix."""

_DEEPEST = 8


def check_name(name: object) -> str:
    """Check that the name of a data set, method, image or run can be a file name, and return it.

    Raises
    ------
    InputError
        The name is not text, is empty, hidden or too long, or has a character that is not allowed in file names.
    """
    fits = isinstance(name, str) and name.strip() and not name.startswith(".") and not set(name) & FORBIDDEN
    # File names that are not UTF-8 are read with lone surrogates, which JSON files cannot hold.
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
"""A text field that must pass `check_name`."""


class PlainTexts(Strict):
    """A model that removes from its texts the characters that control a terminal or a page."""

    @model_validator(mode="before")
    @classmethod
    def _plain_texts(cls, content: Any) -> Any:
        return _without_controls(content) if isinstance(content, Mapping) else content


def _without_controls(content: Any, depth: int = 0) -> Any:
    """Remove control characters from all texts in objects and lists; leave deeper nesting than ours to the model."""
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
        SHA-256 of the weights; None for a method without weights.
    dataset, images, count
        The data set's name, its identity, and the number of its images that the run covers.
    protocol, protocol_version
        Name and version of the protocol.
    dtype
        Type in which the method computes.
    tiling
        How every image is cut into tiles; None if the method decides.
    device
        Kind of device: ``cpu``, ``cuda``.
    rescored
        Id of the run whose outputs were scored; None for a computed run.
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
        """Hash of the settings, twelve hexadecimal digits."""
        # The ids of the first release have no such key, so it is left out of computed runs.
        content = self.model_dump(exclude=None if self.rescored is not None else {"rescored"})
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]
