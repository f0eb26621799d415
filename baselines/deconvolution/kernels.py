"""Blur kernels, and their transfer functions on a circular grid."""

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from realdof.optics import lens as optics

_GRID_RADIUS = 50


def gaussian_kernel(sigma: float) -> Tensor:
    """Return the Gaussian that MATLAB's ``fspecial`` samples on 101x101, cropped to its non-zero part.

    ``fspecial`` sets values below 2^-52 of the maximum to zero, so the radius is about 8.5 sigma, 50 px at most.

    Parameters
    ----------
    sigma
        In pixels, at least 0; below about 0.12 px only the centre is left.

    Returns
    -------
    Tensor
        float64 (2 r + 1, 2 r + 1), sum 1.

    Raises
    ------
    ValueError
        sigma is negative.
    """
    if sigma < 0:
        raise ValueError(f"sigma is {sigma}, it must be at least 0")
    offsets = torch.arange(-_GRID_RADIUS, _GRID_RADIUS + 1, dtype=torch.float64)
    # The smallest normal number avoids 0 / 0 at the centre if sigma is 0.
    spread = max(2 * sigma * sigma, torch.finfo(torch.float64).tiny)
    kernel = torch.exp(-(offsets.square()[:, None] + offsets.square()[None, :]) / spread)
    kernel[kernel < torch.finfo(torch.float64).eps] = 0
    radius = int((kernel[_GRID_RADIUS, _GRID_RADIUS:] > 0).sum()) - 1
    inside = slice(_GRID_RADIUS - radius, _GRID_RADIUS + radius + 1)
    return kernel[inside, inside] / kernel.sum()


def disc_kernel(sigma: float) -> Tensor:
    """Return the disc of an ideal lens whose standard deviation along each axis is ``sigma``: its radius is 2 sigma.

    Parameters
    ----------
    sigma
        In pixels, at least 0; up to 0.25 px only the centre is left.

    Returns
    -------
    Tensor
        float64 (2 r + 1, 2 r + 1), sum 1; see ``realdof.optics.lens.disc_kernel``.

    Raises
    ------
    ValueError
        sigma is negative.
    """
    if sigma < 0:
        raise ValueError(f"sigma is {sigma}, it must be at least 0")
    return torch.from_numpy(optics.disc_kernel(2 * sigma))


def transfer_function(kernel: Tensor, height: int, width: int) -> Tensor:
    """Return the transfer function of a centred kernel on a circular grid.

    Parameters
    ----------
    kernel
        float (kh, kw), odd sizes.
    height, width
        The grid, in pixels, at least as large as the kernel.

    Returns
    -------
    Tensor
        complex (height, width // 2 + 1), the half that ``torch.fft.rfft2`` returns.

    Raises
    ------
    ValueError
        The kernel has an even side or is larger than the grid.
    """
    rows, columns = kernel.shape
    if rows % 2 == 0 or columns % 2 == 0:
        raise ValueError(f"the kernel is {rows}x{columns}, both sides must be odd")
    if rows > height or columns > width:
        raise ValueError(f"the kernel is {rows}x{columns}, larger than the {height}x{width} image")
    grid = kernel.new_zeros(height, width)
    grid[:rows, :columns] = kernel
    return torch.fft.rfft2(grid.roll((-(rows // 2), -(columns // 2)), (0, 1)))


def gradient_power(height: int, width: int, like: Tensor) -> Tensor:
    """Return |F(d_x)|^2 + |F(d_y)|^2 of circular forward differences, (height, width // 2 + 1), dtype of ``like``."""
    rows = torch.arange(height, device=like.device, dtype=torch.float64) * (2 * math.pi / height)
    columns = torch.arange(width // 2 + 1, device=like.device, dtype=torch.float64) * (2 * math.pi / width)
    return (4 - 2 * rows.cos()[:, None] - 2 * columns.cos()[None, :]).to(like.dtype)


class Family(NamedTuple):
    """A family of kernels of one shape.

    Parameters
    ----------
    kernel_of
        From a standard deviation in pixels to the kernel.
    margin
        Margin that a tile needs on each side, in standard deviations. Measured: on photographs, tiles and whole images
        agree to 50 dB or more with 3 for a Gaussian, and with 4 for a disc, whose inverse rings.
    """

    kernel_of: Callable[[float], Tensor]
    margin: float


KERNELS: Mapping[str, Family] = {"gaussian": Family(gaussian_kernel, 3), "disc": Family(disc_kernel, 4)}
"""Every kernel family by name."""
