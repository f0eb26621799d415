"""IFAN as methods of the benchmark: one for each variant."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from benchmark.malloc import keep_blocks
from benchmark.method import Architecture, Image, Method, MethodCard, Sample, WeightsUsed
from ifan import inference
from ifan.network import IFAN, SIZE_MULTIPLE, NetworkShape
from ifan.variants import VARIANTS, Variant, describe
from ifan.weights import find_weights, has_synthetic, load_network, read_weights
from realdof.errors import InputError

PAPER = "Lee, Son, Rim, Cho, Lee: Iterative Filter Adaptive Network for Single Image Defocus Deblurring, CVPR 2021"
LICENCE = "original code and weights AGPL-3.0; this implementation and its synthetic weights Apache-2.0"


class IFANMethod(Method):
    """A loaded IFAN.

    Parameters
    ----------
    card
        The variant's card.
    network
        Ready for inference.
    weights
        Where its weights are from.
    """

    def __init__(self, card: MethodCard, network: IFAN, weights: WeightsUsed) -> None:
        self.card = card
        # oneDNN's convolutions are faster on channels-last tensors, and one conversion serves every layer.
        self.network: IFAN = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.weights = weights

    def deblur(self, sample: Sample) -> Image:
        """Deblur; an image whose sides are no multiples of 8 is extended by its edge and cut again."""
        height, width = sample.image.shape[-2:]
        views = self._views(sample)
        result = inference.deblur(self.network, _extend(sample.image), None if views is None else _extend(views))
        return result[0, :, :height, :width]

    def _views(self, sample: Sample) -> Tensor | None:
        if not self.network.shape.dual:
            return None
        if sample.left is None or sample.right is None:
            raise InputError(
                f"{self.card.name} needs the left and the right dual-pixel view, and {sample.name} has none; "
                "use --method ifan, or a data set with dual-pixel views"
            )
        return torch.cat([sample.right, sample.left])


def _extend(image: Tensor) -> Tensor:
    height, width = image.shape[-2:]
    batch = image[None].contiguous(memory_format=torch.channels_last)
    padding = (0, -width % SIZE_MULTIPLE, 0, -height % SIZE_MULTIPLE)
    return functional.pad(batch, padding, mode="replicate") if any(padding) else batch


@dataclass(frozen=True)
class IFANFactory:
    """What an entry point names: a variant that can be loaded or counted."""

    variant: Variant

    @property
    def card(self) -> MethodCard:
        """The variant's card."""
        weights = {"official": f"the authors' {self.variant.released}, not distributed with this package"}
        if has_synthetic(self.variant):
            weights["synthetic"] = "trained by us on rendered defocus; not the paper's figures"
        return MethodCard(
            name=self.variant.name,
            title=self.variant.title,
            inputs="dual" if self.variant.shape.dual else "single",
            summary=f"iterative filter adaptive network, {describe(self.variant.shape)}",
            paper=f"{PAPER}, {self.variant.table}",
            licence=LICENCE,
            weights=weights,
            published="official",
        )

    def load(self, weights: str | None = None) -> Method:
        """Load the network with a named set of weights or a file."""
        name = weights or "official"
        # For the whole process, and the result is the same to the bit; freeing and faulting in again costs as much time
        # as the convolutions.
        keep_blocks()
        read = read_weights(find_weights(self.variant, name))
        network = load_network(self.variant, read)
        return IFANMethod(self.card, network, WeightsUsed(name, read.sha256, read.label))

    def architecture(self) -> Architecture:
        """The network without weights, for counting."""
        return Architecture(*_counted(self.variant.shape))


def _counted(shape: NetworkShape) -> tuple[IFAN, "Inputs"]:
    with torch.device("meta"):
        network = IFAN(shape)
    return network, Inputs(shape.dual)


@dataclass(frozen=True)
class Inputs:
    """The network's arguments for an image of some size."""

    dual: bool

    def __call__(self, height: int, width: int) -> tuple[Tensor, ...]:
        image = torch.empty(1, 3, height, width, device="meta")
        return (image, image.repeat(1, 2, 1, 1)) if self.dual else (image,)


FACTORIES = {name: IFANFactory(variant) for name, variant in VARIANTS.items()}
"""By name; the entry points of ``pyproject.toml`` name them one by one."""


def __getattr__(name: str) -> IFANFactory:
    """The factory of a variant under its name as an identifier, for entry points: ``ifan_n8``."""
    try:
        return FACTORIES[name.replace("_", "-")]
    except KeyError:
        raise AttributeError(f"module {__name__} has no attribute {name}") from None
