"""Spatially varying deconvolution with a per-pixel blur map: deconvolve once per blur level, then pick per pixel.

``deconvolve_reference`` follows the evaluation of map-based methods in IFAN's comparison (Lee et al., CVPR 2021,
Section 4.2): it deconvolves the whole image at every level. ``deconvolve_fast`` deconvolves only the tiles in which a
level occurs.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from baselines.deconvolution.edge_taper import edge_taper
from baselines.deconvolution.kernels import KERNELS, gaussian_kernel
from baselines.deconvolution.tiles import Tiling, cut_tiles, plan_tiles, wanted_blocks

Solver = Callable[[Tensor, Tensor], Tensor]
"""Deconvolution with circular borders: (images (..., H, W), kernel (kh, kw)) to images."""

KernelFamily = Callable[[float], Tensor]
"""From a blur level in pixels to its kernel, (odd, odd), sum 1; a 1x1 kernel means that there is no blur."""

QUANTILES = 32
"""Number of quantiles of the blur map in the authors' evaluation."""

_TAPERS = 4


@dataclass(frozen=True)
class Levels:
    """A blur map cut into levels.

    Parameters
    ----------
    edges
        The map's minimum, n quantiles of its distinct values, and its maximum, float64 (n + 2,).
    bins
        For each pixel the k with ``edges[k] <= sigma < edges[k + 1]``, integer (H, W); the maximum is in the last bin.
    position
        Position of the pixel's blur between the two edges, float (H, W) in [0, 1].
    """

    edges: Tensor
    bins: Tensor
    position: Tensor

    def to(self, dtype: torch.dtype) -> "Levels":
        """Return the levels with positions of this dtype and int16 bins, which every level reads once."""
        return Levels(self.edges, self.bins.to(torch.int16), self.position.to(dtype))

    def weights(self, *, blend: bool) -> Iterator[tuple[float, Tensor]]:
        """Yield each level in use with its weight at every pixel, float (H, W) in [0, 1].

        Without ``blend`` a pixel gets the lower edge of its bin; with ``blend`` both edges, in proportion.
        """
        below = self.bins == -1
        for k, edge in enumerate(self.edges.tolist()):
            within = self.bins == k
            if blend:
                weight = torch.where(within, 1 - self.position, self.position * below)
            else:
                weight = within.to(self.position.dtype)
            below = within
            if weight.count_nonzero():
                yield edge, weight


def levels_of(sigma_map: Tensor, quantiles: int = QUANTILES) -> Levels:
    """Cut a blur map into levels as the authors' evaluation did: quantiles of the distinct values, unweighted.

    Parameters
    ----------
    sigma_map
        Blur of each pixel in pixels, float (H, W), at least 0.
    quantiles
        Number of quantiles.
    """
    sigma = sigma_map.double().contiguous()
    distinct = torch.unique(sigma).cpu().numpy()
    # MATLAB's quantile(values, n): probabilities k / (n + 1), interpolated between midpoints.
    inner = np.quantile(distinct, np.arange(1, quantiles + 1) / (quantiles + 1), method="hazen")
    edges = torch.from_numpy(np.concatenate([distinct[:1], inner, distinct[-1:]])).to(sigma.device)
    bins = torch.bucketize(sigma, edges[1:-1].contiguous(), right=True)
    width = edges[bins + 1] - edges[bins]
    position = torch.where(width > 0, (sigma - edges[bins]) / width, 0)
    return Levels(edges, bins, position)


def deconvolve_reference(
    image: Tensor, sigma_map: Tensor, solver: Solver, kernel_of: KernelFamily = gaussian_kernel
) -> Tensor:
    """Deconvolve level by level over the whole image, in float64.

    Parameters
    ----------
    image
        float (C, H, W).
    sigma_map
        Blur of each pixel in pixels, float (H, W), at least 0.
    solver, kernel_of
        How a level is deconvolved, and with which kernel.

    Returns
    -------
    Tensor
        Shaped and typed like ``image``, not clipped.

    Raises
    ------
    ValueError
        Map and image differ in size.
    """
    _check(image, sigma_map)
    result = torch.empty_like(image)
    for sigma, share in levels_of(sigma_map).weights(blend=False):
        kernel = kernel_of(sigma).to(image.device)
        level = image if kernel.numel() == 1 else _whole_level(image.double(), kernel, solver)
        result = torch.where(share > 0, level.to(image.dtype), result)
    return result


def _check(image: Tensor, sigma_map: Tensor) -> None:
    if sigma_map.shape != image.shape[-2:]:
        raise ValueError(f"the map is {tuple(sigma_map.shape)}, the image {tuple(image.shape[-2:])}")


def _whole_level(image: Tensor, kernel: Tensor, solver: Solver) -> Tensor:
    rows, columns = (side // 2 for side in kernel.shape)
    padded = F.pad(image[None], (columns, columns, rows, rows), mode="replicate")[0]
    for _ in range(_TAPERS):
        padded = edge_taper(padded, kernel)
    height, width = image.shape[-2:]
    # One channel at a time, as in the authors' evaluation; this is also faster where memory is slow.
    solved = torch.stack([solver(channel, kernel) for channel in padded])
    return solved[:, rows : rows + height, columns : columns + width]


# Pixels added to a tile's margin of `margin` standard deviations. Measured: with it, tiles and whole images agree to
# 56 dB on a photograph at sigma 2 and data_weight 420, and to 66 dB or more with a blur map.
_MARGIN_PIXELS = 2

# Values solved at once: what fits into a core's cache, or enough to fill a GPU.
_CPU_BATCH, _GPU_BATCH = 2**20, 2**26


def deconvolve_fast(
    image: Tensor,
    sigma_map: Tensor,
    solver: Solver,
    kernel_of: KernelFamily = gaussian_kernel,
    *,
    margin: float = KERNELS["gaussian"].margin,
    blend: bool = True,
    quantiles: int = QUANTILES,
) -> Tensor:
    """Deconvolve each level only on the tiles that use it, in the image's own precision.

    Parameters
    ----------
    image
        float (C, H, W).
    sigma_map
        Blur of each pixel in pixels, float (H, W), at least 0.
    solver, kernel_of
        How a level is deconvolved, and with which kernel.
    margin
        Overlap of the tiles on each side, in standard deviations of the kernel; see
        ``baselines.deconvolution.kernels.Family``.
    blend
        Interpolate between the two levels around a pixel's blur; the reference takes the lower one.
    quantiles
        Number of quantiles of the map; fewer suffice with ``blend``.

    Returns
    -------
    Tensor
        Shaped and typed like ``image``, not clipped.

    Raises
    ------
    ValueError
        Map and image differ in size.
    """
    _check(image, sigma_map)
    result = torch.zeros_like(image)
    for sigma, share in levels_of(sigma_map, quantiles).to(image.dtype).weights(blend=blend):
        kernel = kernel_of(sigma).to(image)
        if kernel.numel() == 1:
            result.addcmul_(share, image)
            continue
        overlap = math.ceil(margin * _deviation(kernel)) + _MARGIN_PIXELS
        tiling = plan_tiles(wanted_blocks(share > 0).cpu(), overlap, max(kernel.shape))
        for rows, columns, solved in _solved_cores(image, tiling, kernel, solver):
            result[:, rows, columns].addcmul_(share[rows, columns], solved)
    return result


def _deviation(kernel: Tensor) -> float:
    """Return the larger of a centred kernel's standard deviations along its two axes, in pixels."""
    variances = []
    for axis, size in enumerate(kernel.shape):
        offsets = torch.arange(size, device=kernel.device) - size // 2
        variances.append(float((kernel.sum(1 - axis) * offsets.square()).sum()))
    return math.sqrt(max(variances))


def _solved_cores(
    image: Tensor, tiling: Tiling, kernel: Tensor, solver: Solver
) -> Iterator[tuple[slice, slice, Tensor]]:
    """Yield each tile's core: its rows and columns in the image, and the deconvolved pixels."""
    batch = _CPU_BATCH if image.device.type == "cpu" else _GPU_BATCH
    count = max(1, batch // (len(image) * tiling.period**2))
    cores = tiling.cores(*image.shape[-2:])
    for first in range(0, len(cores), count):
        solved = solver(cut_tiles(image, tiling, first, first + count), kernel)
        inner = solved[..., tiling.core_start :, tiling.core_start :]
        for tile, (rows, columns) in zip(inner, cores[first : first + count], strict=True):
            yield rows, columns, tile[:, : rows.stop - rows.start, : columns.stop - columns.start]
