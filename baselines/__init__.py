"""Methods to compare with: the input itself, external programs, classical deconvolution, other papers' networks.

`benchmark.registry.method` gives every one of them by its name on the command line; these are the ones that are
imported most.

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

# Imported when asked for: a command that prints its help does without torch and pandas.
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
