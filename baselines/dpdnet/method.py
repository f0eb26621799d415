"""DPDNet as a method of the benchmark."""

from pathlib import Path
from typing import cast

import torch
from torch import Tensor

from baselines.dpdnet.bands import graph_of
from baselines.dpdnet.network import SIZE_MULTIPLE, DPDNet
from baselines.dpdnet.weights import load_network
from benchmark.bands.budget import available_bytes
from benchmark.bands.image import image_in_bands
from benchmark.method import Architecture, Capabilities, Context, Deblurred, Sample
from benchmark.network_card import NetworkCard
from benchmark.network_method import Inputs, NetworkMethod, empty, extend, views_of

BYTES_PER_PIXEL = 2200
"""Memory of the last level at the paper's width: 384 channels, the skips, and the allocator's reserve."""


class DPDNetMethod(NetworkMethod):
    """A loaded DPDNet."""

    capabilities = Capabilities(in_bands=True)

    @classmethod
    def read(cls, card: NetworkCard, path: Path) -> tuple[DPDNet, str]:
        """Load the card's network with the weights in a file; see `baselines.dpdnet.weights.load_network`."""
        return load_network(card, path)

    @classmethod
    def count(cls, card: NetworkCard) -> Architecture:
        """Return the card's network without weights, for counting."""
        return Architecture(empty(DPDNet, card.shape), Inputs((card.shape.channels,)))

    @torch.inference_mode()
    def deblur(self, sample: Sample, context: Context) -> Deblurred:
        """Deblur one sample; sides that are not multiples of 16 are padded with the edge pixels and cropped again.

        An image that does not fit into memory is computed in bands of rows, with the same result to rounding.
        """
        height, width = sample.image.shape[-2:]
        network, image = cast(DPDNet, self.network), extend(self._fed(sample), SIZE_MULTIPLE)
        memory = available_bytes(image.device) if context.memory is None else context.memory
        if memory is None or image[0, 0].numel() * BYTES_PER_PIXEL * network.shape.width // 64 <= memory:
            result: Tensor = network(image)
        else:
            result = image_in_bands(
                lambda read, *size: graph_of(network, read, *size), image, memory, context.progress, context.announce
            )
        return Deblurred(result[0, :, :height, :width])

    def _fed(self, sample: Sample) -> Tensor:
        dual = cast(DPDNet, self.network).shape.dual
        return torch.cat(views_of(sample, self.card.name)) if dual else sample.image
