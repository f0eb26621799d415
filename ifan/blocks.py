"""The three building blocks of every table of the paper's supplement: conv, RES* and the initialisation."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from ifan.fused import can_fuse, conv_add, conv_lrelu, upconv_lrelu
from ifan.iac import NEGATIVE_SLOPE


def activation() -> nn.LeakyReLU:
    """Return the leaky ReLU that the supplement calls *lrelu*."""
    return nn.LeakyReLU(NEGATIVE_SLOPE, inplace=True)


def conv(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Conv2d:
    """Return a convolution with bias that keeps the size, divided by the stride."""
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2)


class ConvAct(nn.Sequential):
    """A convolution or transposed convolution, followed by *lrelu*."""

    def forward(self, features: Tensor) -> Tensor:
        """Map float (B, c, h, w) to the convolution's output shape."""
        layer, lrelu = self
        if not can_fuse(features):
            result: Tensor = lrelu(layer(features))
            return result
        if isinstance(layer, nn.ConvTranspose2d):
            return upconv_lrelu(features, layer)
        return conv_lrelu(features, cast(nn.Conv2d, layer))


def conv_act(inputs: int, outputs: int, stride: int = 1) -> ConvAct:
    """Return a 3x3 *conv* with *lrelu*."""
    return ConvAct(conv(inputs, outputs, stride=stride), activation())


def upconv_act(inputs: int, outputs: int) -> ConvAct:
    """Return *dconv* with *lrelu*: a 4x4 transposed convolution that doubles the size."""
    return ConvAct(nn.ConvTranspose2d(inputs, outputs, 4, 2, 1), activation())


class ResidualStack(nn.Module):
    """RES* of the supplement: N residual steps; if N > 1, the block's input is added once more at the end.

    Parameters
    ----------
    channels
        Width of every convolution.
    steps
        N. Each step is conv, lrelu, conv, the step's input added, lrelu.
    """

    def __init__(self, channels: int, steps: int) -> None:
        super().__init__()
        self.stem = nn.ModuleList(
            nn.Sequential(conv(channels, channels), activation(), conv(channels, channels)) for _ in range(steps)
        )

    def forward(self, features: Tensor) -> Tensor:
        """Map float (B, c, h, w) to the same shape."""
        result = features
        for step in self.stem:
            if can_fuse(result):
                added = conv_add(conv_lrelu(result, step[0]), step[2], result)  # type: ignore[index]
            else:
                added = step(result).add_(result)
            # A function instead of a module, because the paper's operation counts do not include this activation.
            # In place, because another full-size tensor would need a fifth more memory at inference.
            result = functional.leaky_relu(added, NEGATIVE_SLOPE, inplace=True)
        if len(self.stem) == 1:
            return result
        # The gradient of the last activation needs its unchanged output.
        return result + features if torch.is_grad_enabled() else result.add_(features)


def initialise(module: nn.Module, gain: float = 1.0) -> None:
    """Set Xavier-uniform weights and zero biases, as in the released training."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.xavier_uniform_(part.weight, gain)
            if part.bias is not None:
                nn.init.zeros_(part.bias)
