"""DMENet as a method of the benchmark: defocus map, then deconvolution as in the comparison of IFAN's paper."""

from pathlib import Path
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional

from baselines.dmenet.bands import graph_of
from baselines.dmenet.network import SIZE_MULTIPLE, DMENet, sigma_from_map
from baselines.dmenet.weights import load_network
from baselines.map_based.method import MapBasedMethod, eight_bit
from benchmark.bands.budget import available_bytes
from benchmark.bands.image import image_in_bands
from benchmark.method import Architecture, Image
from benchmark.network_card import NetworkCard
from benchmark.network_method import Inputs, NetworkMethod, empty

BYTES_PER_PIXEL = 2600
"""Memory of the last level at the paper's width: 512 channels, the skips, and the allocator's reserve."""


class DMENetMethod(NetworkMethod, MapBasedMethod):
    """A loaded DMENet."""

    @classmethod
    def read(cls, card: NetworkCard, path: Path) -> tuple[DMENet, str]:
        """Load the card's network with the weights in a file; see `baselines.dmenet.weights.load_network`."""
        return load_network(card, path)

    @classmethod
    def count(cls, card: NetworkCard) -> Architecture:
        """Return the card's network without weights but with its auxiliary maps, which the paper's figures count."""
        return Architecture(empty(DMENet, card.shape), Inputs((3,)))

    @torch.inference_mode()
    def sigma_map(self, image: Image) -> Tensor:
        """Estimate sigma in px, float32 (H, W), from an 8-bit map; the image is cropped to multiples of 16 for it."""
        height, width = image.shape[-2:]
        kept = image[None, :, : height - height % SIZE_MULTIPLE, : width - width % SIZE_MULTIPLE]
        kept, network = kept.contiguous(memory_format=torch.channels_last), cast(DMENet, self.network)
        memory = available_bytes(image.device)
        if memory is None or kept[0, 0].numel() * BYTES_PER_PIXEL * network.shape.width // 64 <= memory:
            defocus = network(kept)[0]
        else:
            defocus = image_in_bands(lambda read, *size: graph_of(network, read, *size), kept, memory)
        whole = functional.pad(defocus, (0, width % SIZE_MULTIPLE, 0, height % SIZE_MULTIPLE), mode="replicate")
        return sigma_from_map(eight_bit(whole[0, 0]))
