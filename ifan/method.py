"""IFAN as a method of the benchmark."""

from pathlib import Path
from typing import Self

import torch
from torch import Tensor

from benchmark.method import Architecture, Capabilities, Context, Deblurred, MethodCard, Sample, WeightsUsed
from benchmark.network_card import NetworkCard
from benchmark.network_method import Inputs, NetworkMethod, empty, extend, views_of
from benchmark.tiling import SAFE_OVERLAP, Tiling, available_bytes, fitting, in_tiles, until_it_fits
from ifan import inference
from ifan.cards import CARDS
from ifan.checkpoints import read_weights
from ifan.network import IFAN
from ifan.shape import SIZE_MULTIPLE
from ifan.variants import Variant, variant_named
from ifan.weights import load_network

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
BYTES_PER_PIXEL = {torch.float32: 1200, torch.bfloat16: 700}
"""What an inference needs at its peak by precision, the image apart, the allocator's reserve included: measured
(tests/performance/ifan_inference.py) and rounded up."""


class IFANMethod(NetworkMethod):
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
        Overlap of the tiles of an image that does not fit, px.
    """

    capabilities = Capabilities(can_tile=True)
    network: IFAN

    def __init__(
        self,
        card: MethodCard,
        network: IFAN,
        weights: WeightsUsed | None,
        *,
        overlap: int = SAFE_OVERLAP,
    ) -> None:
        super().__init__(card, network, weights)
        self.overlap = overlap

    @classmethod
    def of(cls, variant: Variant, weights: str, *, overlap: int = SAFE_OVERLAP) -> Self:
        """A variant with a set of weights: ``official``, ``synthetic`` or a file; see `NetworkCard.load`."""
        return cls.open(CARDS[variant.name], variant.sets.find(weights), weights, overlap=overlap)

    @classmethod
    def read(cls, card: NetworkCard, path: Path) -> tuple[IFAN, str]:
        """The card's network with the weights in a file."""
        weights = read_weights(path)
        return load_network(variant_named(card.name), weights), weights.label

    @classmethod
    def count(cls, card: NetworkCard) -> Architecture:
        """The card's network without weights, for counting."""
        return Architecture(empty(IFAN, card.shape), Inputs((3, 6) if card.shape.dual else (3,)))

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
        result = inference.deblur(self.network, *(extend(image, SIZE_MULTIPLE) for image in images))
        return result[0, :, :height, :width]

    def compute_with_maps(self, images: list[Tensor]) -> tuple[Tensor, inference.Maps]:
        """`compute`, and what the network estimated on its way."""
        height, width = images[0].shape[-2:]
        result, maps = inference.deblur_with_maps(self.network, *(extend(image, SIZE_MULTIPLE) for image in images))
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
        left, right = views_of(sample, self.card.name)
        return torch.cat([right, left])
