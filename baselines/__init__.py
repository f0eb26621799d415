"""Methods to compare with: the input itself, external programs, classical deconvolution, other papers' networks.

`benchmark.registry.method` returns any of them by its command-line name. This package exports the most used ones.

>>> import baselines
>>> method = baselines.HyperLaplacian.load()
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from baselines.dpdnet.cards import dpdnet_d, dpdnet_s
    from baselines.identity import Input
    from baselines.map_based.ebdb import EBDB
    from baselines.map_based.hyper_laplacian import HyperLaplacian
    from baselines.map_based.jnb import JNB
    from baselines.spandrel.cards import restormer, restormer_dual

__all__ = ["EBDB", "JNB", "HyperLaplacian", "Input", "dpdnet_d", "dpdnet_s", "restormer", "restormer_dual"]

# Import lazily, so that a command can print its help without importing torch and pandas.
__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "map_based.ebdb": ["EBDB"],
        "map_based.jnb": ["JNB"],
        "map_based.hyper_laplacian": ["HyperLaplacian"],
        "identity": ["Input"],
        "dpdnet.cards": ["dpdnet_d", "dpdnet_s"],
        "spandrel.cards": ["restormer", "restormer_dual"],
    },
)
