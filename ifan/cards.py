"""Cards that register every IFAN of the paper as a method of the benchmark; each entry point names one."""

from benchmark.network_card import NetworkCard
from ifan.variants import ABLATION, VARIANTS, Variant, describe

PAPER = "Lee, Son, Rim, Cho, Lee: Iterative Filter Adaptive Network for Single Image Defocus Deblurring, CVPR 2021"
LICENCE = "original code and weights AGPL-3.0; this implementation and its synthetic weights Apache-2.0"

UNTRIED = "The address could not be tried from here, and no SHA-256 of the file is known."
ABLATIONS = (
    "The README no longer names the file: it may not be in the archive, and its parameters may have other names."
)
UNNAMED = frozenset({*ABLATION, "ifan-fac"} - {"ifan"})


def _card(variant: Variant) -> NetworkCard:
    return NetworkCard(
        name=variant.name,
        title=variant.title,
        summary=f"iterative filter adaptive network, {describe(variant.shape)}",
        runs="ifan.method:IFANMethod",
        shape=variant.shape,
        sets=variant.sets,
        inputs="dual" if variant.shape.dual else "single",
        paper=f"{PAPER}, {variant.table}",
        licence=LICENCE,
        year=2021,
        unverified=(UNTRIED, *((ABLATIONS,) if variant.name in UNNAMED else ())),
        official_words=f"the authors' {variant.released}, not distributed with this package",
    )


CARDS = {name: _card(variant) for name, variant in VARIANTS.items()}
"""Every card by its name."""


def __getattr__(name: str) -> NetworkCard:
    """Return a card by its name as an identifier, such as ``ifan_n8``, for entry points."""
    try:
        return CARDS[name.replace("_", "-")]
    except KeyError:
        raise AttributeError(f"module {__name__} has no attribute {name}") from None
