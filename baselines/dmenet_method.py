"""DMENet as methods of the benchmark: its defocus map, then the deconvolution of the comparison in IFAN's paper."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from baselines.dmenet import SIZE_MULTIPLE, DMENet, DMENetShape, sigma_from_map
from baselines.dmenet_variants import VARIANTS, Variant, empty_network, load_network
from baselines.map_based import MapBasedMethod, eight_bit
from baselines.narrow import find_network, narrow_card, narrow_label, narrow_words
from benchmark.method import Architecture, Image, Method, MethodCard, WeightsUsed
from realdof.files import sha256_of
from realdof.malloc import keep_blocks

PAPER = "Lee, Lee, Cho, Lee: Deep Defocus Map Estimation Using Domain Adaptation, CVPR 2019"
NETWORK = "DMENet"
LICENCE = "original code and weights AGPL-3.0; this implementation Apache-2.0"


class DMENetMethod(MapBasedMethod):
    """A loaded DMENet.

    Parameters
    ----------
    card
        The variant's card.
    network
        Ready for inference.
    weights
        Where its weights are from.
    """

    def __init__(self, card: MethodCard, network: DMENet, weights: WeightsUsed) -> None:
        self.card = card
        self.network: DMENet = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.weights = weights

    @torch.inference_mode()
    def sigma_map(self, image: Image) -> Tensor:
        """Sigma in px, float32 (H, W); the map is 8-bit, and what exceeds a multiple of 16 has the border's value."""
        height, width = image.shape[-2:]
        kept = image[None, :, : height - height % SIZE_MULTIPLE, : width - width % SIZE_MULTIPLE]
        defocus = self.network(kept.contiguous(memory_format=torch.channels_last))[0]
        whole = functional.pad(defocus, (0, width % SIZE_MULTIPLE, 0, height % SIZE_MULTIPLE), mode="replicate")
        return sigma_from_map(eight_bit(whole[0, 0]))


@dataclass(frozen=True)
class DMENetFactory:
    """What an entry point names: a variant that can be loaded or counted."""

    variant: Variant

    @property
    def card(self) -> MethodCard:
        """The variant's card."""
        weights = {}
        if self.variant.official:
            weights["official"] = (
                f"the authors' {self.variant.official}, not distributed with this package; the paper's own is lost"
            )
        if self.variant.sets.synthetic.is_file():
            ours = narrow_words(NETWORK) if self.variant.narrow else "trained by us on rendered defocus"
            weights["synthetic"] = f"{ours}; not the paper's figures"
        return MethodCard(
            name=self.variant.name,
            title=self.variant.title,
            inputs="single",
            summary=self.variant.summary,
            paper=PAPER,
            licence=LICENCE,
            weights=weights,
            published="official" if self.variant.official else None,
        )

    def load(self, weights: str | None = None) -> Method:
        """Load the network with a named set of weights or a file."""
        name = weights or "official"
        keep_blocks()
        runs, path = find_network(self.variant, name, VARIANTS)
        network, label = load_network(runs, path)
        card = self.card
        if runs is not self.variant:
            card, label = narrow_card(card, NETWORK), narrow_label(NETWORK, label)
        method = DMENetMethod(card, network, WeightsUsed(name, sha256_of(path), label))
        method.counted = _counted(runs)
        return method

    def architecture(self) -> Architecture:
        """The network with its auxiliary maps, as the paper's figures have it, without weights."""
        return _counted(self.variant)


def _counted(variant: Variant) -> Architecture:
    return Architecture(empty_network(DMENetShape(variant.width)), _inputs)


def _inputs(height: int, width: int) -> tuple[Tensor, ...]:
    return (torch.empty(1, 3, height, width, device="meta"),)


dmenet, dmenet_w16 = (DMENetFactory(variant) for variant in VARIANTS.values())
