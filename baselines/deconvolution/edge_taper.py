"""MATLAB's ``edgetaper``: blur the borders of an image, so that circular deconvolution does not ring there."""

import torch
from torch import Tensor

from baselines.deconvolution.kernels import transfer_function


def edge_taper(image: Tensor, kernel: Tensor) -> Tensor:
    """Fade an image into its circular blur towards the borders.

    The image's weight is the product over both axes of 1 minus the autocorrelation of the kernel's projection, which is
    scaled to 1 at the border pixels. Farther from the border than the kernel's width the weight is exactly 1.

    Parameters
    ----------
    image
        float (..., H, W).
    kernel
        float (kh, kw), odd sizes smaller than H and W, sum 1, non-negative.

    Returns
    -------
    Tensor
        Shaped and typed like ``image``.

    References
    ----------
    The documentation of MATLAB's Image Processing Toolbox, ``edgetaper``.
    """
    height, width = image.shape[-2:]
    kernel = kernel.to(image)
    blurred = torch.fft.irfft2(torch.fft.rfft2(image).mul_(transfer_function(kernel, height, width)), s=(height, width))
    rows = 1 - _border_weight(kernel.sum(1), height)
    columns = 1 - _border_weight(kernel.sum(0), width)
    return torch.lerp(blurred, image, rows[:, None] * columns[None, :])


def _border_weight(projection: Tensor, length: int) -> Tensor:
    """Return the projection's circular autocorrelation over ``length`` pixels; the first and the last are at lag 0."""
    size = len(projection)
    correlation = torch.nn.functional.conv1d(
        projection.view(1, 1, -1), projection.view(1, 1, -1), padding=size - 1
    ).flatten()
    lags = torch.arange(1 - size, size, device=projection.device) % (length - 1)
    weight = projection.new_zeros(length - 1).index_add_(0, lags, correlation)
    weight = weight / weight.max()
    return torch.cat([weight, weight[:1]])
