"""IFAN as methods of the benchmark: one for each variant."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from benchmark.method import (
    Architecture,
    Capabilities,
    Context,
    Deblurred,
    Method,
    MethodCard,
    Sample,
    WeightsUsed,
)
from benchmark.running.tiling import SAFE_OVERLAP, Tiling, available_bytes, fitting, in_tiles, until_it_fits
from ifan import inference
from ifan.checkpoints import read_weights
from ifan.network import IFAN
from ifan.shape import SIZE_MULTIPLE, NetworkShape
from ifan.variants import VARIANTS, Variant, describe
from ifan.weights import load_network
from realdof.common.errors import InputError
from realdof.common.memory import keep_blocks

PAPER = "Lee, Son, Rim, Cho, Lee: Iterative Filter Adaptive Network for Single Image Defocus Deblurring, CVPR 2021"
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
BYTES_PER_PIXEL = {torch.float32: 1200, torch.bfloat16: 700}
"""What an inference needs at its peak by precision, the image apart, the allocator's reserve included: measured
(tests/performance/ifan_inference.py) and rounded up."""
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
    overlap
        What tiles are surrounded with where an image does not fit, px.
    """

    capabilities = Capabilities(can_tile=True)

    def __init__(
        self,
        card: MethodCard,
        network: IFAN,
        weights: WeightsUsed | None,
        *,
        overlap: int = SAFE_OVERLAP,
    ) -> None:
        self.card = card
        # oneDNN's convolutions are faster on channels-last tensors, and one conversion serves every layer.
        self.network: IFAN = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.weights = weights
        self.overlap = overlap

    def prepare(self, context: Context) -> None:
        """Move the network to the context's device and precision."""
        self.network.to(context.device, PRECISIONS[context.precision])

    @torch.inference_mode()
    def deblur(self, sample: Sample, context: Context) -> Deblurred:
        """Deblur; an image whose sides are no multiples of 8 is extended by its edge and cut again.

        An image that does not fit into memory is computed in tiles, and ``bands`` says so.

        Raises
        ------
        InputError
            A dual-pixel network is given no views, or not even the smallest tile fits.
        """
        views = self._views(sample)
        images = [sample.image] if views is None else [sample.image, views]
        height, width = sample.image.shape[-2:]

        def computed(tiling: Tiling | None) -> Tensor:
            return self.compute(images) if tiling is None else in_tiles(self.compute, images, tiling, context.progress)

        if context.tiling is not None:
            return Deblurred(computed(context.tiling), bands=context.tiling)
        first = self.needed_tiling(height, width, context.memory)
        image, tiling = until_it_fits(computed, first, lambda tried: self.smaller_tiling(tried, height, width))
        return Deblurred(image, bands=tiling)

    def compute(self, images: list[Tensor]) -> Tensor:
        """Deblur a whole image, float32 (3, H, W); of a dual-pixel network also the views, (6, H, W)."""
        height, width = images[0].shape[-2:]
        result = inference.deblur(self.network, *(extend(image) for image in images))
        return result[0, :, :height, :width]

    def compute_with_maps(self, images: list[Tensor]) -> tuple[Tensor, inference.Maps]:
        """`compute`, and what the network estimated on its way."""
        height, width = images[0].shape[-2:]
        result, maps = inference.deblur_with_maps(self.network, *(extend(image) for image in images))
        return result[0, :, :height, :width], maps

    def needed_tiling(self, height: int, width: int, memory: int | None) -> Tiling | None:
        """How an image must be cut to fit into ``memory`` bytes, or what is free, by estimate; None for not at all."""
        parameter = next(self.network.parameters())
        available = available_bytes(parameter.device) if memory is None else memory
        # A GPU says exactly when it is full, which is better than an estimate.
        if available is None or (parameter.device.type == "cuda" and memory is None):
            return None
        return fitting(height, width, BYTES_PER_PIXEL[parameter.dtype], self.overlap, available)

    def smaller_tiling(self, tried: Tiling | None, height: int, width: int) -> Tiling | None:
        """What to try after running out of memory with ``tried``: half its area; frees what the device caches.

        Raises
        ------
        InputError
            Tiles cannot be that small.
        """
        torch.cuda.empty_cache()
        area = height * width if tried is None else tried.side**2
        return fitting(height, width, 1, self.overlap, area // 2)

    def _views(self, sample: Sample) -> Tensor | None:
        if not self.network.shape.dual:
            return None
        if sample.left is None or sample.right is None:
            raise InputError(
                f"{self.card.name} needs the left and the right dual-pixel view, and {sample.name} has none; "
                "use --method ifan, or a data set with dual-pixel views"
            )
        return torch.cat([sample.right, sample.left])


def extend(image: Tensor) -> Tensor:
    """A batch of one, (1, C, H, W), extended by its edge to sides that are multiples of 8."""
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
        if self.variant.sets.synthetic.is_file():
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

    def load(self, weights: str | None = None) -> IFANMethod:
        """Load the network with a named set of weights or a file."""
        name = weights or "official"
        # For the whole process, and the result is the same to the bit; freeing and faulting in again costs as much time
        # as the convolutions.
        keep_blocks()
        read = read_weights(self.variant.sets.find(name))
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
