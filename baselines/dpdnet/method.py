"""DPDNet as a method of the benchmark."""

from pathlib import Path
from typing import cast

import torch
from torch import Tensor

from baselines.dpdnet.network import SIZE_MULTIPLE, DPDNet
from baselines.dpdnet.weights import load_network
from benchmark.method import Architecture, Context, Deblurred, Sample
from benchmark.network_card import NetworkCard
from benchmark.network_method import Inputs, NetworkMethod, empty, extend, views_of


class DPDNetMethod(NetworkMethod):
    """A loaded DPDNet."""

    @classmethod
    def read(cls, card: NetworkCard, path: Path) -> tuple[DPDNet, str]:
        """The card's network with the weights in a file; see `baselines.dpdnet.weights.load_network`."""
        return load_network(card, path)

    @classmethod
    def count(cls, card: NetworkCard) -> Architecture:
        """The card's network without weights, for counting."""
        return Architecture(empty(DPDNet, card.shape), Inputs((card.shape.channels,)))

    @torch.inference_mode()
    def deblur(self, sample: Sample, context: Context) -> Deblurred:
        """Deblur; an image whose sides are no multiples of 16 is extended by its edge and cut again."""
        height, width = sample.image.shape[-2:]
        result: Tensor = self.network(extend(self._fed(sample), SIZE_MULTIPLE))
        return Deblurred(result[0, :, :height, :width])

    def _fed(self, sample: Sample) -> Tensor:
        dual = cast(DPDNet, self.network).shape.dual
        return torch.cat(views_of(sample, self.card.name)) if dual else sample.image
