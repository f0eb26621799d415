"""LPIPS's distance computed in strips of rows, so that features are compared and pooled while they are in the cache."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark.metrics.lpips.network import EPSILON, IMAGENET_DEVIATION, IMAGENET_MEAN, PerceptualDistance
from benchmark.metrics.lpips.winograd import WinogradConvolution, clear_margin

_ROWS_OF_A_STRIP = 12
"""Rows of the first convolution's results that are computed at once."""
_POOLED = 2
"""Convolutions, from the first, whose results are pooled: 3x3 with stride 2."""


class FastDistance(nn.Module):
    """The distance of a `PerceptualDistance`, for one pair of images, without gradients, in float32 on the CPU.

    All convolutions but the first are `WinogradConvolution`. The result differs from the network's by about 1e-7 and
    does not depend on the number of threads.

    Parameters
    ----------
    network
        The network to compute.
    """

    mean: Tensor
    filters: Tensor
    bias: Tensor

    def __init__(self, network: PerceptualDistance) -> None:
        super().__init__()
        first, *others = (layer for layer in network.features if isinstance(layer, nn.Conv2d))
        assert first.bias is not None
        self.size, self.step, self.margin = first.kernel_size[0], first.stride[0], int(first.padding[0])
        # Division by the deviation is a part of the filters, so that only the mean is subtracted from images.
        deviation = torch.tensor(IMAGENET_DEVIATION, dtype=torch.float64).view(1, 3, 1, 1)
        filters = (first.weight.detach().double() / deviation).float()
        self.register_buffer("filters", filters.contiguous(memory_format=torch.channels_last))
        self.register_buffer("bias", first.bias.detach())
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(3, 1, 1))
        self.others = nn.ModuleList(map(WinogradConvolution, others))
        self.weights = network.weights

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Compute the distance between two images.

        Parameters
        ----------
        first, second
            float32 (3, H, W), RGB, in [0, 1].

        Returns
        -------
        Tensor
            float64, shape ().
        """
        strips, (height, width) = self._first(first, second), self._size(*first.shape[1:])
        distance = first.new_zeros((), dtype=torch.float64)
        for number, weights in enumerate(self.weights):
            after = cast(WinogradConvolution, self.others[number]) if number < len(self.others) else None
            pools = number < _POOLED
            following = ((height - 1) // 2, (width - 1) // 2) if pools else (height, width)
            frame = None if after is None else after.frame(2, *following)
            to = None if after is None or frame is None else after.inside(frame, *following)
            copy = _Pooling(to) if pools and to is not None else _Copy(to)
            differences = torch.zeros(weights.numel(), dtype=torch.float64)
            for strip in strips:
                copy(strip)
                differences += _squared_differences(strip)
            # Mean over pixels first, weighted sum over channels second: the order does not matter.
            distance += (differences * weights.flatten()).sum() / (height * width)
            height, width = following
            if after is not None and frame is not None:
                strips = after.strips(frame, height, width)
        return distance

    def _size(self, height: int, width: int) -> tuple[int, int]:
        """Return height and width of the first convolution's results."""
        down, across = ((side + 2 * self.margin - self.size) // self.step + 1 for side in (height, width))
        return down, across

    def _first(self, first: Tensor, second: Tensor) -> Iterator[Tensor]:
        """Compute the first convolution of both images, rectified, in strips (2, rows, W, C)."""
        (height, width), (down, _) = first.shape[1:], self._size(*first.shape[1:])
        columns = slice(self.margin, self.margin + width)
        for top in range(0, down, _ROWS_OF_A_STRIP):
            count = (min(_ROWS_OF_A_STRIP, down - top) - 1) * self.step + self.size
            begin = top * self.step - self.margin
            inside = slice(max(0, begin), min(height, begin + count))
            rows = slice(inside.start - begin, inside.stop - begin)
            part = first.new_empty(2, 3, count, width + 2 * self.margin)
            clear_margin(part.permute(0, 2, 3, 1), rows, columns)
            for image, place in zip((first, second), part, strict=True):
                torch.sub(image[:, inside], self.mean, out=place[:, rows, columns])
            # Filters in channels-last order make the result channels-last.
            found = functional.conv2d(part, self.filters, self.bias, self.step)
            yield found.clamp_min_(0).permute(0, 2, 3, 1)


class _Copy:
    """Copies strips below one another; with no array to copy to, does nothing."""

    def __init__(self, to: Tensor | None) -> None:
        self._to, self._top = to, 0

    def __call__(self, strip: Tensor) -> None:
        if self._to is not None:
            self._to[:, self._top : self._top + strip.shape[1]] = strip
            self._top += strip.shape[1]


class _Pooling:
    """Takes the maximum over 3x3 px with stride 2 of strips below one another; all but the last have even heights."""

    def __init__(self, to: Tensor) -> None:
        self._to, self._top = to, 0
        self._above: Tensor | None = None
        """Maximum of the last two rows of the strip above."""

    def __call__(self, strip: Tensor) -> None:
        rows = torch.maximum(strip[:, 0:-2:2], strip[:, 1:-1:2])
        torch.maximum(rows, strip[:, 2::2], out=rows)
        if self._above is not None:
            self._put(torch.maximum(self._above, strip[:, :1]))
        self._put(rows)
        self._above = strip[:, -2:].amax(1, keepdim=True)

    def _put(self, rows: Tensor) -> None:
        """Take the maximum of columns, and add the rows below the last ones."""
        width = 2 * self._to.shape[2]
        results = self._to[:, self._top : self._top + rows.shape[1]]
        torch.maximum(rows[:, :, 0:width:2], rows[:, :, 1:width:2], out=results)
        torch.maximum(results, rows[:, :, 2 : width + 1 : 2], out=results)
        self._top += rows.shape[1]


def _squared_differences(strip: Tensor) -> Tensor:
    """Sum over pixels the squared differences of both images' features of length one, (C,); changes the strip."""
    scale = 1 / (torch.linalg.vector_norm(strip, dim=3, keepdim=True) + EPSILON)
    first, second = strip.mul_(scale)
    return first.sub_(second).square_().sum(dim=(0, 1))
