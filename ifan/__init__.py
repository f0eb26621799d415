"""IFAN: the network, its training, its weights and its command line.

>>> import ifan, skimage.data
>>> sharp = ifan.deblur(skimage.data.coffee()[:128, :128], weights="synthetic")
>>> network = ifan.IFAN.from_pretrained("synthetic")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ifan.network import IFAN
    from ifan.notebook import deblur
    from ifan.shape import NetworkShape
    from ifan.variants import VARIANTS, Variant

__all__ = ["IFAN", "VARIANTS", "NetworkShape", "Variant", "deblur"]
_MODULES = {
    "IFAN": "network",
    "VARIANTS": "variants",
    "NetworkShape": "shape",
    "Variant": "variants",
    "deblur": "notebook",
}


def __getattr__(name: str) -> Any:
    # Imported when asked for: a command that prints its help, or a worker that renders data, does without torch.
    if name not in _MODULES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return list(__all__)
