"""DMENet as methods of the benchmark: its defocus map, then the deconvolution of the comparison in IFAN's paper."""

import torch
from torch import Tensor
from torch.nn import functional

from baselines.dmenet.network import SIZE_MULTIPLE, DMENet, DMENetShape, sigma_from_map
from baselines.dmenet.variants import VARIANTS, Variant, empty_network, load_network
from baselines.map_based.method import MapBasedMethod, eight_bit
from baselines.network_factory import Inputs, NetworkFactory
from benchmark.method import Architecture, Image, MethodCard, WeightsUsed


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
    counted
        What to count as its cost; None for the factory's.
    """

    def __init__(
        self, card: MethodCard, network: DMENet, weights: WeightsUsed, counted: Architecture | None = None
    ) -> None:
        self.card = card
        self.counted = counted
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


class DMENetFactory(NetworkFactory[Variant, DMENet]):
    """DMENet's variants; counted with its auxiliary maps, as the paper's figures have it."""

    network = "DMENet"
    paper = "Lee, Lee, Cho, Lee: Deep Defocus Map Estimation Using Domain Adaptation, CVPR 2019"
    licence = "original code and weights AGPL-3.0; this implementation Apache-2.0"
    variants = VARIANTS
    method = DMENetMethod
    read = staticmethod(load_network)

    @property
    def official_words(self) -> str:
        """What the authors' weights are."""
        return f"the authors' {self.variant.official}, not distributed with this package; the paper's own is lost"

    def count(self, variant: Variant) -> Architecture:
        """The network without weights, for counting."""
        return Architecture(empty_network(DMENetShape(variant.width)), Inputs(3))


dmenet, dmenet_w16 = (DMENetFactory(variant) for variant in VARIANTS.values())
