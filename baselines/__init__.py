"""Methods to compare with: the input itself, external programs, classical deconvolution, other papers' networks.

`benchmark.registry.method` gives every one of them by its name on the command line; these are the ones that are
imported most.

>>> import baselines
>>> method = baselines.HyperLaplacian.load()
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from baselines.dpdnet.cards import dpdnet_d, dpdnet_s
    from baselines.identity import Input
    from baselines.map_based.ebdb import EBDB
    from baselines.map_based.hyper_laplacian import HyperLaplacian
    from baselines.map_based.jnb import JNB
    from baselines.spandrel.cards import restormer, restormer_dual

__all__ = ["EBDB", "JNB", "HyperLaplacian", "Input", "dpdnet_d", "dpdnet_s", "restormer", "restormer_dual"]
_MODULES = {
    "EBDB": "map_based.ebdb",
    "JNB": "map_based.jnb",
    "HyperLaplacian": "map_based.hyper_laplacian",
    "Input": "identity",
    "dpdnet_d": "dpdnet.cards",
    "dpdnet_s": "dpdnet.cards",
    "restormer": "spandrel.cards",
    "restormer_dual": "spandrel.cards",
}


def __getattr__(name: str) -> Any:
    # Imported when asked for: a command that prints its help does without torch.
    if name not in _MODULES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return list(__all__)
