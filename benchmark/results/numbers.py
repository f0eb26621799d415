"""Numbers in JSON, which has no infinity: infinite values become the text ``inf`` or ``-inf``; NaN is refused."""

import json
import math
from collections.abc import Collection
from statistics import fmean
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer

LARGEST = 1e30
"""Largest finite figure; sums and squares of larger ones would overflow."""
_TEXTS = {"inf": math.inf, "-inf": -math.inf}


def written(value: Any) -> Any:
    """Convert a value for JSON: infinite numbers become text, also in lists and dicts.

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
    """Write a value whose numbers may be infinite as JSON.

    Raises
    ------
    ValueError
        A number is NaN.
    """
    return json.dumps(written(value), indent=indent, allow_nan=False)


def mean_of(values: Collection[float]) -> float | None:
    """Average figures that may be infinite; None for none, and for infinite ones of both signs, which have no mean."""
    if not values or {math.inf, -math.inf} <= set(values):
        return None
    return fmean(values)


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
"""A float that may be infinite, which is written as text, but never NaN."""
Seconds = Annotated[float, Field(ge=0, le=LARGEST, allow_inf_nan=False)]
"""A duration, s."""
