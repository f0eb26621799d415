"""DPDNet as methods of the benchmark: one for each variant."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from baselines.dpdnet.network import SIZE_MULTIPLE, DPDNet
from baselines.dpdnet.variants import VARIANTS, Variant, empty_network, load_network
from baselines.network_factory import Inputs, NetworkFactory
from benchmark.method import Architecture, Context, Deblurred, Method, MethodCard, Sample, WeightsUsed
from realdof.common.errors import InputError


class DPDNetMethod(Method):
    """A loaded DPDNet.

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
        self, card: MethodCard, network: DPDNet, weights: WeightsUsed, counted: Architecture | None = None
    ) -> None:
        self.card = card
        self.counted = counted
        # oneDNN's convolutions are faster on channels-last tensors, and one conversion serves every layer.
        self.network: DPDNet = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.weights = weights

    @torch.inference_mode()
    def deblur(self, sample: Sample, context: Context) -> Deblurred:
        """Deblur; an image whose sides are no multiples of 16 is extended by its edge and cut again."""
        height, width = sample.image.shape[-2:]
        padding = (0, -width % SIZE_MULTIPLE, 0, -height % SIZE_MULTIPLE)
        batch = functional.pad(self._fed(sample)[None], padding, mode="replicate")
        result: Tensor = self.network(batch.contiguous(memory_format=torch.channels_last))
        return Deblurred(result[0, :, :height, :width])

    def _fed(self, sample: Sample) -> Tensor:
        if not self.network.shape.dual:
            return sample.image
        if sample.left is None or sample.right is None:
            raise InputError(
                f"{self.card.name} needs the left and the right dual-pixel view, and {sample.name} has none; "
                "use --method dpdnet-s, or a data set with dual-pixel views"
            )
        return torch.cat([sample.left, sample.right])


class DPDNetFactory(NetworkFactory[Variant, DPDNet]):
    """DPDNet's variants."""

    network = "DPDNet"
    paper = "Abuolaim, Brown: Defocus Deblurring Using Dual-Pixel Data, ECCV 2020"
    licence = "original code and weights MIT; this implementation Apache-2.0"
    official_words = "the authors' Keras file, trained on 16-bit images, not distributed with this package"
    variants = VARIANTS
    method = DPDNetMethod
    read = staticmethod(load_network)

    @property
    def inputs(self) -> Literal["single", "dual"]:
        """What the method is fed with."""
        return "dual" if self.variant.shape.dual else "single"

    def count(self, variant: Variant) -> Architecture:
        """The network without weights, for counting."""
        return Architecture(empty_network(variant.shape), Inputs(variant.shape.channels))


dpdnet_s, dpdnet_d, dpdnet_s_16bit, dpdnet_d_16bit, dpdnet_s_3x3, dpdnet_d_3x3, dpdnet_s_w16, dpdnet_d_w16 = (
    DPDNetFactory(variant) for variant in VARIANTS.values()
)
