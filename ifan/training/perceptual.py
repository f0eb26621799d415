"""LPIPS of a batch, with gradients, as a term of a training's loss."""

import torch
from torch import Tensor, nn

from benchmark.metrics.lpips.network import EPSILON, IMAGENET_DEVIATION, IMAGENET_MEAN, plain_network


class PerceptualLoss(nn.Module):
    """The mean of `benchmark.metrics.lpips.metric.LPIPS` over a batch; its weights are not trained.

    Raises
    ------
    InputError
        The weights are missing or damaged.
    """

    def __init__(self) -> None:
        super().__init__()
        network = plain_network()
        self.weights = network.weights
        # In-place activations would overwrite values that the gradient needs.
        self.features = nn.Sequential(
            *(nn.ReLU() if isinstance(layer, nn.ReLU) else layer for layer in network.features)
        )

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the mean distance of images, float (B, 3, H, W) in [0, 1], at least 31x31 px."""
        mean, deviation = (output.new_tensor(v).view(3, 1, 1) for v in (IMAGENET_MEAN, IMAGENET_DEVIATION))
        features = (torch.cat([output, target]) - mean) / deviation
        weights = iter(self.weights)
        distance = output.new_zeros(())
        for layer in self.features:
            features = layer(features)
            if isinstance(layer, nn.ReLU):
                wide = features.float()
                # A vector norm has no gradient where all channels are zero.
                first, second = (wide * torch.rsqrt(wide.square().sum(dim=1, keepdim=True) + EPSILON)).chunk(2)
                by_channel = (first - second).square().mean(dim=(2, 3))
                distance = distance + (by_channel * next(weights).flatten()).sum(dim=1).mean()
        return distance
