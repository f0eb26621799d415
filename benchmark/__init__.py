"""The benchmark: data sets, metrics, protocols, runs, results, leaderboards.

>>> import benchmark, skimage.data
>>> sharp = skimage.data.coffee()
>>> benchmark.score(sharp, sharp, metrics=["mae"])
{'mae': 0.0}
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmark.method import Context, Deblurred, Method, MethodCard, Sample
    from benchmark.metrics.base import metric
    from benchmark.metrics.card import MetricCard
    from benchmark.notebook import load_results, run, score
    from benchmark.protocols.base import Protocol
    from benchmark.results.run import Run

__all__ = [
    "Context",
    "Deblurred",
    "Method",
    "MethodCard",
    "MetricCard",
    "Protocol",
    "Run",
    "Sample",
    "load_results",
    "metric",
    "run",
    "score",
]
_MODULES = {
    "Context": "method",
    "Deblurred": "method",
    "Method": "method",
    "MethodCard": "method",
    "Sample": "method",
    "metric": "metrics.base",
    "MetricCard": "metrics.card",
    "Protocol": "protocols.base",
    "Run": "results.run",
    "load_results": "notebook",
    "run": "notebook",
    "score": "notebook",
}


def __getattr__(name: str) -> Any:
    # Imported when asked for: a command that prints its help does without torch and pandas.
    if name not in _MODULES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return list(__all__)
