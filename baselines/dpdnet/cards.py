"""The DPDNets that the package registers by name."""

from collections.abc import Mapping
from pathlib import Path

from baselines.dpdnet.shape import DPDNetShape
from benchmark.network_card import NetworkCard
from benchmark.weight_sets import WeightSets

PACKAGED = Path(__file__).parents[1] / "pretrained"
RELEASED_BY = "https://github.com/Abdullah-Abuolaim/defocus-deblurring-dual-pixel"
_ONE, _TWO = "U-Net on the defocused image", "U-Net on both dual-pixel views"
_COUNTED = "with the 3x3 up-convolutions that fit the cost printed in IFAN's paper; never released"
_NARROW = "a quarter as wide, for short trainings: not the paper's network"
# The one file linked from the authors' page, trained on 16-bit images.
_DUAL_FILE = "defocus_deblurring_dp_l5_s512_f0.7_d0.4.hdf5"

UNTRIED = "The link leads to a page to click on; the file could not be had, and no SHA-256 of it is known."


def _card(
    name: str, title: str, summary: str, shape: DPDNetShape, *, official: str | None = None, instead: str = ""
) -> NetworkCard:
    source = f"(the authors' Keras file, linked at {RELEASED_BY})"
    return NetworkCard(
        name=name,
        title=title,
        summary=f"{_TWO if shape.dual else _ONE}, {summary}",
        runs="baselines.dpdnet.method:DPDNetMethod",
        shape=shape,
        sets=WeightSets(name, official, source, PACKAGED / f"{name}-synthetic.safetensors", instead),
        inputs="dual" if shape.dual else "single",
        paper="Abuolaim, Brown: Defocus Deblurring Using Dual-Pixel Data, ECCV 2020",
        licence="original code and weights MIT; this implementation Apache-2.0",
        year=2020,
        unverified=(UNTRIED,) if official else (),
        official_words="the authors' Keras file, trained on 16-bit images, not distributed with this package",
    )


_S, _D = DPDNetShape(), DPDNetShape(dual=True)
dpdnet_s = _card("dpdnet-s", "DPDNet_S", "for 8-bit images", _S, instead="dpdnet-s-w16")
dpdnet_d = _card("dpdnet-d", "DPDNet_D", "for 8-bit images", _D, official=_DUAL_FILE, instead="dpdnet-d-w16")
dpdnet_s_16bit = _card("dpdnet-s-16bit", "DPDNet_S-16", "for 16-bit images", _S, official="dpdnet-s-16bit.hdf5")
dpdnet_d_16bit = _card("dpdnet-d-16bit", "DPDNet_D-16", "for 16-bit images", _D, official=_DUAL_FILE)
dpdnet_s_3x3 = _card("dpdnet-s-3x3", "DPDNet_S 3x3", _COUNTED, DPDNetShape(as_counted=True))
dpdnet_d_3x3 = _card("dpdnet-d-3x3", "DPDNet_D 3x3", _COUNTED, DPDNetShape(dual=True, as_counted=True))
dpdnet_s_w16 = _card("dpdnet-s-w16", "DPDNet_S, width 16", _NARROW, DPDNetShape(width=16))
dpdnet_d_w16 = _card("dpdnet-d-w16", "DPDNet_D, width 16", _NARROW, DPDNetShape(dual=True, width=16))

CARDS: Mapping[str, NetworkCard] = {
    card.name: card
    for card in (
        dpdnet_s,
        dpdnet_d,
        dpdnet_s_16bit,
        dpdnet_d_16bit,
        dpdnet_s_3x3,
        dpdnet_d_3x3,
        dpdnet_s_w16,
        dpdnet_d_w16,
    )
}
"""Every card by its name."""
