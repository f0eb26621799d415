"""The three building blocks of every table of the paper's supplement: conv, RES* and the initialisation."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from ifan.iac import NEGATIVE_SLOPE


def activation() -> nn.LeakyReLU:
    """The leaky ReLU that the supplement calls *lrelu*."""
    return nn.LeakyReLU(NEGATIVE_SLOPE, inplace=True)


def conv(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Conv2d:
    """A convolution with bias that keeps the size but for its stride."""
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2)


def conv_act(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """*conv* with *lrelu*, 3x3."""
    return nn.Sequential(conv(inputs, outputs, stride=stride), activation())


def upconv_act(inputs: int, outputs: int) -> nn.Sequential:
    """*dconv* with *lrelu*: transposed convolution 4x4 that doubles the size."""
    return nn.Sequential(nn.ConvTranspose2d(inputs, outputs, 4, 2, 1), activation())


class ResidualStack(nn.Module):
    """RES* of the supplement: N residual steps, and the block's own input once more when N > 1.

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
            # A function and not a module: the paper's operation counts do not include this activation.
            # In place, because a full-size tensor more is a fifth of what an inference needs.
            result = functional.leaky_relu(step(result).add_(result), NEGATIVE_SLOPE, inplace=True)
        if len(self.stem) == 1:
            return result
        # The gradient of the last activation needs its output as it was.
        return result + features if torch.is_grad_enabled() else result.add_(features)


def initialise(module: nn.Module, gain: float = 1.0) -> None:
    """Xavier-uniform weights and zero biases, as the released training."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.xavier_uniform_(part.weight, gain)
            if part.bias is not None:
                nn.init.zeros_(part.bias)
