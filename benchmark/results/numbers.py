"""Figures in JSON, which has no infinity: an infinite value is the text ``inf`` or ``-inf``, and NaN is refused."""

import json
import math
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer

LARGEST = 1e30
"""No figure is larger; sums and squares of larger ones would be infinite."""
_TEXTS = {"inf": math.inf, "-inf": -math.inf}


def written(value: Any) -> Any:
    """A value as JSON can hold it: infinite numbers as text, in lists and dicts too.

    Raises
    ------
    ValueError
        A number is NaN.
    """
    if isinstance(value, float):
        if math.isnan(value):
            raise ValueError("a figure is NaN, which no results file may hold")
        return value if math.isfinite(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, dict):
        return {key: written(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [written(item) for item in value]
    return value


def as_json(value: Any, indent: int | None = None) -> str:
    """JSON of a value whose numbers may be infinite.

    Raises
    ------
    ValueError
        A number is NaN.
    """
    return json.dumps(written(value), indent=indent, allow_nan=False)


def _read(value: Any) -> Any:
    return _TEXTS.get(value, value) if isinstance(value, str) else value


def _no_nan(value: float) -> float:
    if math.isnan(value):
        raise ValueError("a figure must be a number, not NaN")
    if math.isfinite(value) and abs(value) > LARGEST:
        raise ValueError(f"a figure is infinite or at most {LARGEST:g}")
    return value


Number = Annotated[
    float, BeforeValidator(_read), AfterValidator(_no_nan), PlainSerializer(written, return_type=Any, when_used="json")
]
"""A float that may be infinite, written as text then; never NaN."""
Seconds = Annotated[float, Field(ge=0, le=LARGEST, allow_inf_nan=False)]
"""A duration, s."""
