"""The DMENets that the package registers by name."""

from collections.abc import Mapping
from pathlib import Path

from baselines.dmenet.shape import DMENetShape
from benchmark.network_card import NetworkCard
from benchmark.weight_sets import WeightSets

PACKAGED = Path(__file__).parents[1] / "pretrained"
RELEASED_BY = "https://github.com/codeslake/DMENet"
RELEASED = "DMENet_BDCS.npz"
_WHAT = "defocus map by a network, then hyper-Laplacian deconvolution"

UNTRIED = "The file could not be had, and no SHA-256 of it is known; its figures are not exactly the paper's."


def _card(
    name: str, title: str, summary: str, shape: DMENetShape, *, official: str | None = None, instead: str = ""
) -> NetworkCard:
    source = f"from the DMENet_BDCS.zip linked at {RELEASED_BY}"
    return NetworkCard(
        name=name,
        title=title,
        summary=summary,
        runs="baselines.dmenet.method:DMENetMethod",
        shape=shape,
        sets=WeightSets(name, official, source, PACKAGED / f"{name}-synthetic.safetensors", instead),
        paper="Lee, Lee, Cho, Lee: Deep Defocus Map Estimation Using Domain Adaptation, CVPR 2019",
        licence="original code and weights AGPL-3.0; this implementation Apache-2.0",
        year=2019,
        unverified=(UNTRIED,) if official else (),
        official_words=f"the authors' {RELEASED}, not distributed with this package; the paper's own is lost",
    )


dmenet = _card("dmenet", "DMENet", _WHAT, DMENetShape(), official=RELEASED, instead="dmenet-w16")
dmenet_w16 = _card(
    "dmenet-w16",
    "DMENet, width 16",
    f"{_WHAT}; a quarter as wide: not the paper's network",
    DMENetShape(width=16),
)

CARDS: Mapping[str, NetworkCard] = {card.name: card for card in (dmenet, dmenet_w16)}
"""Every card by its name."""
