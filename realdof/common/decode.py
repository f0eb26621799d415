"""Read JSON and TOML files into checked pydantic models.

A wrong file gives one sentence: the file, the path of the field, what was found and what would be right.
"""

import difflib
import json
import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from realdof.common.errors import InputError

MOST_BYTES = 256 * 2**20
"""Largest file that is read into memory; files of this project's own formats are far smaller."""
_SHOWN = 80
"""Largest number of characters of a wrong value that a message quotes."""
_DEEPEST = 12
"""Largest number of parts of a field's path that a message names."""

_NO_OBJECT = {"model_type", "dict_type", "dataclass_type", "model_attributes_type"}
"""pydantic's error types for a list or a number in place of an object."""


class Strict(BaseModel):
    """A frozen model for data from files: no unknown fields, no conversion between types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, ser_json_inf_nan="strings")


Model = TypeVar("Model", bound=BaseModel)


def read_json(path: Path, model: type[Model], remedy: str) -> Model:
    """Read a JSON file into a model.

    Parameters
    ----------
    path
        A regular file of UTF-8, with or without a byte-order mark.
    model
        The model of the content.
    remedy
        What a user can do about a wrong file, as the end of the error message.

    Raises
    ------
    InputError
        The file is missing, not a regular file, too large, not JSON, or does not fit the model.
    """
    text = read_text(path, remedy)
    try:
        json.loads(text)
    except (ValueError, RecursionError) as error:
        # A number with too many digits also raises a ValueError.
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise InputError(f"{path} is no JSON ({reason}); {remedy}") from error
    try:
        # In JSON mode the strict types still accept arrays for tuples, objects for dataclasses and strings for enums.
        return model.model_validate_json(text)
    except (ValidationError, RecursionError) as error:
        raise InputError(f"{path}: {sentence(error, model)}; {remedy}") from error


def read_toml(path: Path, model: type[Model], remedy: str) -> Model:
    """Read a TOML file into a model; parameters and errors as in `read_json`."""
    text = read_text(path, remedy)
    try:
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(f"{path} is no TOML ({error}); {remedy}") from error
    return decode(path, content, model, remedy)


def decode(where: Path | str, content: Any, model: type[Model], remedy: str) -> Model:
    """Check parsed content against a model.

    Parameters
    ----------
    where
        The file, and the line if known, for the message.
    content
        The result of a JSON or TOML parser.

    Raises
    ------
    InputError
        A field is missing, unknown, or of the wrong type or range; the message names the first such field.
    """
    try:
        return model.model_validate(content)
    except (ValidationError, RecursionError) as error:
        raise InputError(f"{where}: {sentence(error, model)}; {remedy}") from error


def sentence(error: ValidationError | RecursionError, model: type[BaseModel] | None = None) -> str:
    """Describe the first fault of a validation in one sentence: the field's path, what is wrong, what was found."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    every = error.errors(include_url=False, include_context=False)
    # A misspelt field is also reported as a missing one, but the misspelt name is more helpful.
    first = next((one for one in every if one["type"] == "extra_forbidden"), every[0])
    field = ".".join(str(part)[:_SHOWN] for part in first["loc"][:_DEEPEST]) or "the whole"
    message = (first["msg"][0].lower() + first["msg"][1:])[: 4 * _SHOWN]
    if first["type"] in _NO_OBJECT:
        message = "input should be an object"
    if first["type"] == "extra_forbidden":
        known = () if model is None else _fields_of(model)
        near = difflib.get_close_matches(str(first["loc"][-1]), known, n=1, cutoff=0.6)
        return f"{field}: there is no such field" + (f", did you mean {near[0]}?" if near else "")
    if first["type"] == "missing":
        return f"{field}: {message}"
    found = json.dumps(first["input"], default=str, ensure_ascii=True)
    return f"{field}: {message}, found {found if len(found) <= _SHOWN else found[:_SHOWN] + '...'}"


def _fields_of(model: type[BaseModel]) -> set[str]:
    """Return the names of all fields of a model and of the models in it, as spelt in files."""
    schema = model.model_json_schema()
    return {name for part in (schema, *schema.get("$defs", {}).values()) for name in part.get("properties", {})}


def read_text(path: Path, remedy: str) -> str:
    """Read the text of a regular UTF-8 file, without its byte-order mark.

    Raises
    ------
    InputError
        The file is missing, not a regular file, too large, or not UTF-8.
    """
    try:
        if not path.is_file():
            what = "is no regular file" if path.exists() else "does not exist"
            raise InputError(f"{path} {what}; {remedy}")
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise InputError(
                f"{path} has {size / 1e6:.0f} MB, more than the {MOST_BYTES / 1e6:.0f} MB allowed; {remedy}"
            )
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InputError(f"{path} cannot be read ({reason}); {remedy}") from error
