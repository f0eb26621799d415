"""IFAN: the network, its training, its weights and its command line.

>>> import ifan, skimage.data
>>> sharp = ifan.deblur(skimage.data.coffee()[:128, :128], weights="synthetic")
>>> network = ifan.IFAN.from_pretrained("synthetic")
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from ifan.network import IFAN
    from ifan.notebook import deblur
    from ifan.shape import NetworkShape
    from ifan.variants import VARIANTS, Variant

__all__ = ["IFAN", "VARIANTS", "NetworkShape", "Variant", "deblur"]

# Import lazily, so that a command can print its help without importing torch and pandas.
__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "network": ["IFAN"],
        "variants": ["VARIANTS", "Variant"],
        "shape": ["NetworkShape"],
        "notebook": ["deblur"],
    },
)
