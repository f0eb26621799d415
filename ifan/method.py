"""IFAN as a method of the benchmark."""

from collections.abc import Callable
from pathlib import Path
from typing import Self

import torch
from torch import Tensor
from torch.nn import functional

from benchmark.bands.budget import available_bytes, described, plan_within
from benchmark.bands.graph import Graph, Observer, Plan
from benchmark.bands.layers import Read
from benchmark.method import Architecture, Capabilities, Context, Deblurred, Sample
from benchmark.network_card import NetworkCard
from benchmark.network_method import Inputs, NetworkMethod, empty, extend, views_of
from ifan import bands, inference
from ifan.cards import CARDS
from ifan.checkpoints import read_weights
from ifan.network import IFAN
from ifan.shape import SIZE_MULTIPLE
from ifan.variants import Variant, variant_named
from ifan.weights import load_network

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
BYTES_PER_PIXEL = {torch.float32: 1200, torch.bfloat16: 700, torch.float16: 700}
"""Peak memory of an inference by precision, without the image but with the allocator's reserve, in bytes per pixel:
measured (tests/performance/ifan_inference.py) and rounded up."""

WITHIN_WHAT_IS_FREE = Context()
"""The default context: all free memory may be used."""


def fastest_order(device: torch.device, dtype: torch.dtype) -> torch.memory_format:
    """Return the memory order in which a device computes whole images fastest (`docs/performance.md`, On a GPU).

    In float32 cuDNN is faster on NCHW tensors; with TF32 or in half precision, on channels-last ones.
    """
    if device.type == "cuda" and dtype == torch.float32 and not torch.backends.cudnn.allow_tf32:
        return torch.contiguous_format
    return torch.channels_last


class IFANMethod(NetworkMethod):
    """A loaded IFAN.

    Parameters
    ----------
    card
        The variant's card.
    network
        The network, ready for inference.
    weights
        Name, hash and label of the weights.
    """

    network: IFAN
    capabilities = Capabilities(in_bands=True, precisions=("float32", "bfloat16", "float16"))

    @classmethod
    def of(cls, variant: Variant, weights: str) -> Self:
        """Load a variant with a set of weights: ``official``, ``synthetic`` or a file; see `NetworkCard.load`."""
        return cls.open(CARDS[variant.name], variant.sets.find(weights), weights)

    @classmethod
    def read(cls, card: NetworkCard, path: Path) -> tuple[IFAN, str]:
        """Load the card's network with the weights in a file; return it with the weights' label."""
        weights = read_weights(path)
        return load_network(variant_named(card.name), weights), weights.label

    @classmethod
    def count(cls, card: NetworkCard) -> Architecture:
        """Return the card's network without weights, for counting."""
        return Architecture(empty(IFAN, card.shape), Inputs((3, 6) if card.shape.dual else (3,)))

    def prepare(self, context: Context) -> None:
        """Move the network to the context's device and precision, in the memory order that is fastest there."""
        self.network.to(context.device, PRECISIONS[context.precision])
        self.network.to(memory_format=self._order())  # type: ignore[call-overload]

    @torch.inference_mode()
    def deblur(self, sample: Sample, context: Context) -> Deblurred:
        """Deblur one sample; sides that are not multiples of 8 are padded with the edge pixels and cropped again.

        An image that does not fit into memory is computed in bands of rows, with the same result to rounding.

        Raises
        ------
        InputError
            A dual-pixel network gets no views, or not even the smallest bands fit into memory.
        """
        views = self._views(sample)
        height, width = sample.image.shape[-2:]
        if self.fits(height, width, context.memory):
            try:
                return Deblurred(self.compute([sample.image] if views is None else [sample.image, views]))
            except torch.OutOfMemoryError:
                # Leaving this block frees the error and the tensors that its frames hold.
                pass
            torch.cuda.empty_cache()
        result = torch.empty_like(sample.image)

        def write(start: int, stop: int, rows: Tensor) -> None:
            result[:, start:stop] = rows[0]

        self.compute_in_bands(
            _reader(sample.image), None if views is None else _reader(views), height, width, write, context,
            announce=lambda plan: context.announce(described(plan)),
        )  # fmt: skip
        return Deblurred(result)

    def compute(self, images: list[Tensor]) -> Tensor:
        """Deblur a whole image, float32 (3, H, W); a dual-pixel network also needs the views, (6, H, W)."""
        height, width = images[0].shape[-2:]
        result = inference.deblur(self.network, *self._extended(images))
        return result[0, :, :height, :width]

    def compute_with_maps(self, images: list[Tensor]) -> tuple[Tensor, inference.Maps]:
        """Deblur a whole image and also return the network's estimates; see `compute`."""
        height, width = images[0].shape[-2:]
        result, maps = inference.deblur_with_maps(self.network, *self._extended(images))
        return result[0, :, :height, :width], maps

    def compute_in_bands(
        self,
        image: Read,
        views: Read | None,
        height: int,
        width: int,
        write: Observer,
        context: Context = WITHIN_WHAT_IS_FREE,
        *,
        announce: Callable[[Plan], None] = lambda plan: None,
        disparity: Observer | None = None,
        change: bands.Change | None = None,
    ) -> None:
        """Deblur an image of any size within the context's memory, or the free memory.

        Parameters
        ----------
        image, views
            Read rows, float32 (1, C, n, W), on the network's device.
        write
            Callback for rows of the result, float32 (1, 3, n, W), not clipped.
        announce
            Callback for the plan, before the first band.
        disparity, change
            See `ifan.bands.deblur`.

        Raises
        ------
        InputError
            Not even the smallest bands fit into memory.
        """
        parameter = next(self.network.parameters())
        memory = available_bytes(parameter.device) if context.memory is None else context.memory
        tall, wide = (-(-side // SIZE_MULTIPLE) * SIZE_MULTIPLE for side in (height, width))

        def planned(graph: Graph) -> Plan:
            plan = plan_within(graph, memory)
            announce(plan)
            return plan

        def kept(start: int, stop: int, rows: Tensor) -> None:
            if start < height:
                write(start, min(stop, height), rows[:, :, : height - start, :width])

        def extended(read: Read) -> Read:
            def rows(start: int, stop: int) -> Tensor:
                last = min(stop, height)
                # Rows below the image repeat its last row.
                found = read(min(start, height - 1), last)
                return functional.pad(found, (0, wide - width, 0, stop - start - found.shape[2]), mode="replicate")

            return rows

        bands.deblur(
            self.network, extended(image), None if views is None else extended(views), tall, wide, kept, planned,
            context.progress, disparity=disparity, change=change,
        )  # fmt: skip

    def fits(self, height: int, width: int, memory: int | None) -> bool:
        """Estimate whether a whole image fits into ``memory`` bytes, or into the free memory if None."""
        parameter = next(self.network.parameters())
        # A full GPU raises an error, which is more exact than an estimate.
        if parameter.device.type == "cuda" and memory is None:
            return True
        available = available_bytes(parameter.device) if memory is None else memory
        return available is None or height * width * BYTES_PER_PIXEL[parameter.dtype] <= available

    def _order(self) -> torch.memory_format:
        parameter = next(self.network.parameters())
        return fastest_order(parameter.device, parameter.dtype)

    def _extended(self, images: list[Tensor]) -> list[Tensor]:
        return [extend(image, SIZE_MULTIPLE, self._order()) for image in images]

    def _views(self, sample: Sample) -> Tensor | None:
        if not self.network.shape.dual:
            return None
        left, right = views_of(sample, self.card.name)
        return torch.cat([right, left])


def _reader(image: Tensor) -> Read:
    return lambda start, stop: image[None, :, start:stop]
