"""Build pairs of a defocused and an all-in-focus photograph, as RealDOF was built; align, match, develop photographs.

The names in ``__all__`` are imported on first use, so ``import realdof`` is fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from realdof.alignment.photographs import Aligned, align
    from realdof.matching.exposures import MatchedExposure, match_exposure
    from realdof.raw.photograph import develop

_HOMES = {
    "Aligned": "realdof.alignment.photographs",
    "MatchedExposure": "realdof.matching.exposures",
    "align": "realdof.alignment.photographs",
    "develop": "realdof.raw.photograph",
    "match_exposure": "realdof.matching.exposures",
}

__all__ = ["Aligned", "MatchedExposure", "align", "develop", "match_exposure"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return list(__all__)
