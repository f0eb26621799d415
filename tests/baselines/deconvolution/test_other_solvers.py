"""Wiener's filter and Richardson and Lucy's iteration, beside the hyper-Laplacian solver."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from skimage import data, restoration
from torch import Tensor

from baselines.deconvolution import hyper_laplacian, richardson_lucy, wiener
from baselines.deconvolution.engine import deconvolve_fast, deconvolve_reference
from baselines.deconvolution.kernels import KERNELS, Family, disc_kernel, gaussian_kernel, transfer_function

SOLVERS = {
    "wiener": partial(wiener.deconvolve, noise=1e-2),
    "richardson-lucy": partial(richardson_lucy.deconvolve, iterations=20),
    "hyper-laplacian": partial(hyper_laplacian.deconvolve, data_weight=420.0),
}


@pytest.fixture(scope="module")
def photograph() -> Tensor:
    return torch.from_numpy(data.coffee()[100:228, 150:310].copy()).permute(2, 0, 1).double().div(255)


def blurred(image: Tensor, kernel: Tensor) -> Tensor:
    height, width = image.shape[-2:]
    transfer = transfer_function(kernel.to(image), height, width)
    return torch.fft.irfft2(torch.fft.rfft2(image) * transfer, s=(height, width))


def psnr(a: Tensor, b: Tensor, border: int = 0) -> float:
    inside = (..., slice(border, a.shape[-2] - border), slice(border, a.shape[-1] - border))
    return -10 * torch.log10((a[inside].clamp(0, 1) - b[inside].clamp(0, 1)).square().mean()).item()


@pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS)
@pytest.mark.parametrize("family", KERNELS.values(), ids=KERNELS)
def test_every_solver_undoes_every_kernel(photograph: Tensor, solver: Callable[..., Tensor], family: Family) -> None:
    kernel = family.kernel_of(1.7)
    defocused = (blurred(photograph, kernel) * 255).round() / 255
    assert psnr(solver(defocused, kernel), photograph) > psnr(defocused, photograph) + 2


@pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS)
def test_every_solver_keeps_the_mean(photograph: Tensor, solver: Callable[..., Tensor]) -> None:
    torch.testing.assert_close(solver(photograph, gaussian_kernel(1.0)).mean(), photograph.mean())


@pytest.mark.parametrize("name", ["wiener", "richardson-lucy"])
@pytest.mark.parametrize("family", KERNELS.values(), ids=KERNELS)
def test_tiles_agree_with_the_whole_image(photograph: Tensor, name: str, family: Family) -> None:
    image = blurred(photograph, family.kernel_of(1.5)).float()
    sigma = torch.full(image.shape[1:], 1.0)
    sigma[:, 60:] = 1.5
    kernel_of, margin = family
    fast = deconvolve_fast(image, sigma, SOLVERS[name], kernel_of, margin=margin, blend=False)
    assert psnr(fast, deconvolve_reference(image, sigma, SOLVERS[name], kernel_of), 24) > 50


def test_richardson_lucy_computes_what_scikit_image_does(photograph: Tensor) -> None:
    kernel = gaussian_kernel(1.0)
    # Far from the borders, where scikit-image pads with zeros, the two run on the same numbers but for the start,
    # which is grey there; from the observed image the iteration is farther on.
    ours = richardson_lucy.deconvolve(photograph[0], kernel, 200)
    theirs = restoration.richardson_lucy(photograph[0].numpy(), kernel.numpy(), num_iter=200, clip=False)
    assert psnr(ours, torch.from_numpy(theirs), 40) > 35


def test_richardson_lucy_is_nowhere_negative() -> None:
    image = torch.zeros(40, 48)
    image[10:20, 10:20] = 1
    image[0, 0] = -0.3
    result = richardson_lucy.deconvolve(image, gaussian_kernel(1.0), 30)
    assert torch.isfinite(result).all()
    assert (result >= 0).all()


def test_wiener_without_noise_is_the_inverse(photograph: Tensor) -> None:
    kernel = gaussian_kernel(0.8)
    assert psnr(wiener.deconvolve(blurred(photograph, kernel), kernel, 1e-12), photograph) > 90


@pytest.mark.parametrize("sigma", [1.5, 3.3])
def test_disc_and_gaussian_of_one_sigma_are_as_wide(sigma: float) -> None:
    kernel = disc_kernel(sigma)
    offsets = torch.arange(len(kernel)) - len(kernel) // 2
    variance = (kernel.sum(0) * offsets.square()).sum().item()
    # A disc sampled by area is wider by the variance of a pixel.
    assert variance == pytest.approx(sigma**2 + 1 / 12, rel=0.03)


def test_parameters_out_of_range_are_refused() -> None:
    kernel = gaussian_kernel(0.5)
    with pytest.raises(ValueError, match="above 0"):
        wiener.deconvolve(torch.rand(32, 32), kernel, 0.0)
    with pytest.raises(ValueError, match="at least 1"):
        richardson_lucy.deconvolve(torch.rand(32, 32), kernel, 0)
    with pytest.raises(ValueError, match="at least 0"):
        disc_kernel(-1.0)
