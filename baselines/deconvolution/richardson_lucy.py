"""Non-blind deconvolution by the Richardson-Lucy iteration, for non-negative images."""

import torch
from torch import Tensor

from baselines.deconvolution.kernels import transfer_function


def deconvolve(blurred: Tensor, kernel: Tensor, iterations: int) -> Tensor:
    """Deconvolve images that were blurred by one kernel with circular borders.

    The iteration converges to the maximum-likelihood image under Poisson noise; stopping early limits the noise.

    Parameters
    ----------
    blurred
        float32 or float64 (..., H, W); images and channels are independent; values below 0 count as 0.
    kernel
        float (kh, kw), odd sizes up to H and W, sum 1, non-negative.
    iterations
        At least 1.

    Returns
    -------
    Tensor
        Shaped and typed like ``blurred``, at least 0, with the mean of ``blurred``.

    Raises
    ------
    ValueError
        ``iterations`` is below 1, or the kernel does not fit into the image.

    References
    ----------
    Richardson, "Bayesian-Based Iterative Method of Image Restoration", JOSA 1972; Lucy, "An iterative technique for
    the rectification of observed distributions", The Astronomical Journal 1974.
    """
    if iterations < 1:
        raise ValueError(f"iterations is {iterations}, it must be at least 1")
    size = (blurred.shape[-2], blurred.shape[-1])
    transfer = transfer_function(kernel.to(blurred), *size)
    observed = blurred.clamp(min=0)
    # Rounding in the FFT turns zeros into tiny negative numbers, by which nothing may be divided.
    floor = torch.finfo(blurred.dtype).eps
    x = observed
    for _ in range(iterations):
        predicted = torch.fft.irfft2(torch.fft.rfft2(x).mul_(transfer), s=size).clamp_(min=floor)
        correction = torch.fft.irfft2(torch.fft.rfft2(observed / predicted).mul_(transfer.conj()), s=size)
        x = x * correction.clamp_(min=0)
    return x
