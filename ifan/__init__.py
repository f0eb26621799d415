"""IFAN: the network, its training, its weights and its command line.

>>> from ifan import IFAN
>>> network = IFAN.from_pretrained("owner/name")  # doctest: +SKIP
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ifan.network import IFAN, NetworkShape
    from ifan.variants import VARIANTS, Variant

__all__ = ["IFAN", "VARIANTS", "NetworkShape", "Variant"]
_MODULES = {"IFAN": "network", "NetworkShape": "network", "VARIANTS": "variants", "Variant": "variants"}


def __getattr__(name: str) -> Any:
    """The public names, imported when they are asked for: workers that render data do without torch."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
