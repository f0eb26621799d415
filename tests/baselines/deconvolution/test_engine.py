"""The engine: levels as the authors' evaluation cut them, and a fast mode that agrees with the reference mode."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch
from skimage import data
from torch import Tensor

from baselines.deconvolution import hyper_laplacian
from baselines.deconvolution.engine import deconvolve_fast, deconvolve_reference, levels_of
from baselines.deconvolution.kernels import gaussian_kernel, transfer_function

SOLVER = partial(hyper_laplacian.deconvolve, data_weight=420.0, alpha=2 / 3)


@pytest.fixture(scope="module")
def photograph() -> Tensor:
    return torch.from_numpy(data.coffee()[100:292, 150:402].copy()).permute(2, 0, 1).float().div(255)


def blurred(image: Tensor, sigma: float) -> Tensor:
    kernel = gaussian_kernel(sigma).to(image)
    height, width = image.shape[-2:]
    return torch.fft.irfft2(torch.fft.rfft2(image) * transfer_function(kernel, height, width), s=(height, width))


def psnr(a: Tensor, b: Tensor) -> float:
    inside = (..., slice(30, -30), slice(30, -30))
    return -10 * torch.log10((a[inside].clamp(0, 1) - b[inside].clamp(0, 1)).square().mean()).item()


def test_levels_are_quantiles_of_the_distinct_values() -> None:
    sigma = torch.tensor([[0.0, 0.0, 0.0, 1.0], [1.0, 2.0, 3.0, 7.0]])
    levels = levels_of(sigma, quantiles=3)
    # The five distinct values stand at probabilities 0.1, 0.3, 0.5, 0.7, 0.9; 1/4, 1/2, 3/4 lie between them.
    torch.testing.assert_close(levels.edges, torch.tensor([0, 0.75, 2, 4, 7], dtype=torch.float64))
    assert levels.bins.tolist() == [[0, 0, 0, 1], [1, 2, 2, 3]]


def test_every_pixel_is_given_the_lower_edge_of_its_bin() -> None:
    sigma = torch.rand(40, 50, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 5
    given = torch.zeros(40, 50, dtype=torch.float64)
    for edge, share in levels_of(sigma).weights(blend=False):
        given += edge * share
    assert (given <= sigma).all()
    assert given.unique().numel() == 33


def test_blended_levels_average_to_the_pixels_own_blur() -> None:
    sigma = torch.rand(40, 50, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 5
    given, total = torch.zeros(2, 40, 50, dtype=torch.float64)
    for edge, share in levels_of(sigma).weights(blend=True):
        given += edge * share
        total += share
    torch.testing.assert_close(given, sigma)
    torch.testing.assert_close(total, torch.ones_like(total))


@pytest.mark.parametrize("deconvolve", [deconvolve_reference, deconvolve_fast, partial(deconvolve_fast, blend=False)])
@pytest.mark.parametrize("sigma", [0.0, 0.1])
def test_without_blur_the_image_comes_back_to_the_bit(
    photograph: Tensor, deconvolve: Callable[..., Tensor], sigma: float
) -> None:
    assert torch.equal(deconvolve(photograph, torch.full(photograph.shape[1:], sigma), SOLVER), photograph)


@pytest.mark.parametrize("blend", [True, False])
def test_one_level_everywhere_is_the_whole_image_deconvolved(photograph: Tensor, blend: bool) -> None:
    image = blurred(photograph, 2.0)
    fast = deconvolve_fast(image, torch.full(image.shape[1:], 2.0), SOLVER, blend=blend)
    assert psnr(fast, SOLVER(image.double(), gaussian_kernel(2.0)).float()) > 50
    assert psnr(fast, photograph) > psnr(image, photograph) + 2


@pytest.mark.parametrize("alpha", [2 / 3, 3 / 2])
def test_fast_mode_agrees_with_the_reference(photograph: Tensor, alpha: float) -> None:
    y, x = np.mgrid[0:192, 0:252]
    # A sharp patch, a step and a slope, in nine values as an 8-bit map has few.
    sigma = torch.from_numpy(np.where(x < 90, 0.0, np.where(y < 70, 1.0, 1.5 + np.floor(x / 40) / 4)))
    image = torch.where(sigma > 1.2, blurred(photograph, 2.0), photograph)
    solver = partial(hyper_laplacian.deconvolve, data_weight=420.0, alpha=alpha)
    fast = deconvolve_fast(image, sigma, solver, blend=False)
    assert psnr(fast, deconvolve_reference(image, sigma, solver)) > 50


def test_reference_pads_tapers_and_cuts(photograph: Tensor) -> None:
    seen: list[tuple[torch.Size, torch.dtype]] = []

    def solver(padded: Tensor, kernel: Tensor) -> Tensor:
        seen.append((padded.shape, padded.dtype))
        return padded

    result = deconvolve_reference(photograph, torch.full(photograph.shape[1:], 1.0), solver)
    # Sigma 1 has radius 8; a taper reaches twice as far from the padded border, once as far into the image.
    assert seen == [(torch.Size([192 + 16, 252 + 16]), torch.float64)] * 3
    assert torch.equal(result[:, 9:-9, 9:-9], photograph[:, 9:-9, 9:-9])


def test_any_kernel_family_and_solver_will_do(photograph: Tensor) -> None:
    def shift_kernel(level: float) -> Tensor:
        kernel = torch.zeros(1, 5, dtype=torch.float64)
        kernel[0, 2 + round(level)] = 1
        return kernel

    def inverse(tiles: Tensor, kernel: Tensor) -> Tensor:
        size = (tiles.shape[-2], tiles.shape[-1])
        return torch.fft.irfft2(torch.fft.rfft2(tiles) / transfer_function(kernel, *size), s=size)

    level_map = torch.full(photograph.shape[1:], 2.0)
    shifted = photograph.roll(2, -1)
    for deconvolve in (deconvolve_reference, deconvolve_fast):
        assert psnr(deconvolve(shifted, level_map, inverse, shift_kernel), photograph) > 90


@pytest.mark.parametrize("deconvolve", [deconvolve_reference, deconvolve_fast])
def test_a_map_of_another_size_is_refused(photograph: Tensor, deconvolve: Callable[..., Tensor]) -> None:
    with pytest.raises(ValueError, match="the map is"):
        deconvolve(photograph, torch.zeros(10, 10), SOLVER)
