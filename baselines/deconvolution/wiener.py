"""Non-blind deconvolution by the Wiener filter, for photographs with white noise."""

import torch
from torch import Tensor

from baselines.deconvolution.kernels import gradient_power, transfer_function


def deconvolve(blurred: Tensor, kernel: Tensor, noise: float) -> Tensor:
    """Deconvolve images that were blurred by one kernel with circular borders.

    The filter is conj(K) / (|K|^2 + N / S). The power spectrum S of a photograph falls with the square of the
    frequency, so N / S is ``noise`` times the power of a gradient. The image's mean is unchanged.

    Parameters
    ----------
    blurred
        float32 or float64 (..., H, W); images and channels are independent.
    kernel
        float (kh, kw), odd sizes up to H and W, sum 1.
    noise
        Variance of the noise divided by that of the sharp image's gradients, above 0.

    Returns
    -------
    Tensor
        Shaped and typed like ``blurred``, not clipped.

    Raises
    ------
    ValueError
        ``noise`` is not above 0, or the kernel does not fit into the image.

    References
    ----------
    Wiener, "Extrapolation, Interpolation, and Smoothing of Stationary Time Series", 1949; the spectrum of
    photographs after Field, "Relations between the statistics of natural images ...", JOSA A 1987.
    """
    if noise <= 0:
        raise ValueError(f"noise is {noise}, it must be above 0")
    height, width = blurred.shape[-2:]
    transfer = transfer_function(kernel.to(blurred), height, width)
    inverse = transfer.conj() / (transfer.abs().square() + noise * gradient_power(height, width, blurred))
    return torch.fft.irfft2(torch.fft.rfft2(blurred).mul_(inverse), s=(height, width))
