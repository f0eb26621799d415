"""The benchmark: data sets, metrics, protocols, runs, results, leaderboards.

>>> import benchmark, skimage.data
>>> sharp = skimage.data.coffee()
>>> benchmark.score(sharp, sharp, metrics=["mae"])
{'mae': 0.0}
"""

from typing import TYPE_CHECKING

import lazy_loader

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

# Imported when asked for: a command that prints its help does without torch and pandas.
__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "method": ["Context", "Deblurred", "Method", "MethodCard", "Sample"],
        "metrics.base": ["metric"],
        "metrics.card": ["MetricCard"],
        "protocols.base": ["Protocol"],
        "results.run": ["Run"],
        "notebook": ["load_results", "run", "score"],
    },
)
