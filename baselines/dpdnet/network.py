"""DPDNet, a U-Net from one image or two dual-pixel views to the all-in-focus image (Abuolaim and Brown, ECCV 2020).

The released network and the network whose cost IFAN's paper prints differ; see `docs/reference/baselines.md`.
"""

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from baselines.dpdnet.shape import DPDNetShape

SIZE_MULTIPLE = 16
"""The network halves the image four times, so both sides must be multiples of 16."""

DROPOUT = 0.4
KERAS_TRUNCATION = 0.87962566103423978
"""Standard deviation of a unit Gaussian truncated at two deviations; Keras divides by it."""


class SameConv2x2(nn.Conv2d):
    """A 2x2 convolution with Keras's "same" padding: one row of zeros below and one column on the right."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__(channels_in, channels_out, 2)

    def forward(self, image: Tensor) -> Tensor:
        """Convolve (B, C, H, W) to the same height and width."""
        return super().forward(functional.pad(image, (0, 1, 0, 1)))


class DPDNet(nn.Module):
    """DPDNet; its convolutions are defined in the order of the released Keras model's layers.

    Parameters
    ----------
    shape
        Shape parameters of the DPDNet.
    """

    def __init__(self, shape: DPDNetShape) -> None:
        super().__init__()
        self.shape = shape
        widths = [shape.width * 2**level for level in range(5)]
        depths = (2, 3, 3, 2, 2) if shape.as_counted else (2, 2, 2, 2, 2)
        self.encoder = nn.ModuleList(
            _convolutions(before, width, depth)
            for before, width, depth in zip([shape.channels, *widths[:-1]], widths, depths, strict=True)
        )
        self.dropout = nn.Dropout(DROPOUT)
        self.decoder = nn.ModuleList(_UpLevel(2 * width, width, shape.as_counted) for width in reversed(widths[:-1]))
        self.head = _with_relu(nn.Conv2d(shape.width, 3, 3, padding=1))
        self.last = nn.Conv2d(3, 3, 1)

    def forward(self, image: Tensor) -> Tensor:
        """Deblur.

        Parameters
        ----------
        image
            float (B, 3, H, W), or (B, 6, H, W) with the left view first; RGB in [0, 1], sides multiples of 16.

        Returns
        -------
        Tensor
            The all-in-focus image, (B, 3, H, W) in [0, 1].
        """
        skips: list[Tensor] = []
        features = image
        for level, block in enumerate(self.encoder):
            features = block(features if level == 0 else functional.max_pool2d(features, 2))
            if level >= 3:
                features = self.dropout(features)
            skips.append(features)
        for up, skip in zip(self.decoder, reversed(skips[:-1]), strict=True):
            features = up(features, skip)
        return torch.sigmoid(self.last(self.head(features)))

    def convolutions(self) -> dict[str, nn.Conv2d]:
        """Return every convolution by its name, in Keras's order."""
        return {name: module for name, module in self.named_modules() if isinstance(module, nn.Conv2d)}

    def initialise(self) -> None:
        """Initialise as the released code does: He's normal distribution truncated at two deviations, biases 0."""
        for module in self.convolutions().values():
            deviation = math.sqrt(2 / module.weight[0].numel()) / KERAS_TRUNCATION
            nn.init.trunc_normal_(module.weight, 0, deviation, -2 * deviation, 2 * deviation)
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter)
        nn.init.xavier_uniform_(self.last.weight)


class _UpLevel(nn.Module):
    """Nearest-neighbour up-sampling by 2, a convolution, then two convolutions of it and the encoder's features."""

    def __init__(self, channels_in: int, width: int, as_counted: bool) -> None:
        super().__init__()
        up = nn.Conv2d(channels_in, width, 3, padding=1) if as_counted else SameConv2x2(channels_in, width)
        # Up-sampling is a module and pooling a function: counted this way, IFAN's printed costs match to the digit.
        self.enlarge = nn.Upsample(scale_factor=2, mode="nearest")
        self.up = _with_relu(up)
        self.merge = _convolutions(2 * width, width, 2)

    def forward(self, features: Tensor, skip: Tensor) -> Tensor:
        """Decode (B, C, H, W) and the skip (B, width, 2H, 2W) to (B, width, 2H, 2W)."""
        merged: Tensor = self.merge(torch.cat([skip, self.up(self.enlarge(features))], dim=1))
        return merged


def _with_relu(convolution: nn.Conv2d) -> nn.Sequential:
    return nn.Sequential(convolution, nn.ReLU(inplace=True))


def _convolutions(channels_in: int, width: int, depth: int) -> nn.Sequential:
    widths = [channels_in] + [width] * depth
    return nn.Sequential(*(_with_relu(nn.Conv2d(before, after, 3, padding=1)) for before, after in pairwise(widths)))
