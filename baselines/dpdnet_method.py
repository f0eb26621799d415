"""DPDNet as methods of the benchmark: one for each variant."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from baselines.dpdnet import SIZE_MULTIPLE, DPDNet
from baselines.dpdnet_variants import VARIANTS, Variant, empty_network, load_network
from baselines.narrow import find_network, narrow_card, narrow_label, narrow_words
from benchmark.method import Architecture, Image, Method, MethodCard, Sample, WeightsUsed
from realdof.errors import InputError
from realdof.files import sha256_of
from realdof.malloc import keep_blocks

PAPER = "Abuolaim, Brown: Defocus Deblurring Using Dual-Pixel Data, ECCV 2020"
NETWORK = "DPDNet"
LICENCE = "original code and weights MIT; this implementation Apache-2.0"


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
    """

    def __init__(self, card: MethodCard, network: DPDNet, weights: WeightsUsed) -> None:
        self.card = card
        # oneDNN's convolutions are faster on channels-last tensors, and one conversion serves every layer.
        self.network: DPDNet = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.weights = weights

    @torch.inference_mode()
    def deblur(self, sample: Sample) -> Image:
        """Deblur; an image whose sides are no multiples of 16 is extended by its edge and cut again."""
        height, width = sample.image.shape[-2:]
        padding = (0, -width % SIZE_MULTIPLE, 0, -height % SIZE_MULTIPLE)
        batch = functional.pad(self._fed(sample)[None], padding, mode="replicate")
        result: Tensor = self.network(batch.contiguous(memory_format=torch.channels_last))
        return result[0, :, :height, :width]

    def _fed(self, sample: Sample) -> Tensor:
        if not self.network.shape.dual:
            return sample.image
        if sample.left is None or sample.right is None:
            raise InputError(
                f"{self.card.name} needs the left and the right dual-pixel view, and {sample.name} has none; "
                "use --method dpdnet-s, or a data set with dual-pixel views"
            )
        return torch.cat([sample.left, sample.right])


@dataclass(frozen=True)
class DPDNetFactory:
    """What an entry point names: a variant that can be loaded or counted."""

    variant: Variant

    @property
    def card(self) -> MethodCard:
        """The variant's card."""
        weights = {}
        if self.variant.official:
            weights["official"] = "the authors' Keras file, trained on 16-bit images, not distributed with this package"
        if self.variant.sets.synthetic.is_file():
            ours = narrow_words(NETWORK) if self.variant.narrow else "trained by us on rendered defocus"
            weights["synthetic"] = f"{ours}; not the paper's figures"
        return MethodCard(
            name=self.variant.name,
            title=self.variant.title,
            inputs="dual" if self.variant.shape.dual else "single",
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
        method = DPDNetMethod(card, network, WeightsUsed(name, sha256_of(path), label))
        method.counted = _counted(runs)
        return method

    def architecture(self) -> Architecture:
        """The network without weights, for counting."""
        return _counted(self.variant)


def _counted(variant: Variant) -> Architecture:
    return Architecture(empty_network(variant.shape), Inputs(variant.shape.channels))


@dataclass(frozen=True)
class Inputs:
    """The network's argument for an image of some size."""

    channels: int

    def __call__(self, height: int, width: int) -> tuple[Tensor, ...]:
        return (torch.empty(1, self.channels, height, width, device="meta"),)


dpdnet_s, dpdnet_d, dpdnet_s_16bit, dpdnet_d_16bit, dpdnet_s_3x3, dpdnet_d_3x3, dpdnet_s_w16, dpdnet_d_w16 = (
    DPDNetFactory(variant) for variant in VARIANTS.values()
)
