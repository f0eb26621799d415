"""Kernels and their transfer functions."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.deconvolution.kernels import gaussian_kernel, transfer_function


@settings(deadline=None)
@given(st.floats(0, 20))
def test_gaussian_kernel_sums_to_one_and_is_symmetric(sigma: float) -> None:
    kernel = gaussian_kernel(sigma)
    assert kernel.sum().item() == pytest.approx(1, abs=1e-12)
    assert torch.equal(kernel, kernel.flip(0))
    assert torch.equal(kernel, kernel.T)


@pytest.mark.parametrize(("sigma", "radius"), [(0.0, 0), (0.117, 0), (0.119, 1), (1.0, 8), (2.0, 16), (7.0, 50)])
def test_gaussian_kernel_ends_where_fspecial_zeroes_it(sigma: float, radius: int) -> None:
    assert gaussian_kernel(sigma).shape == (2 * radius + 1, 2 * radius + 1)


def test_gaussian_kernel_has_the_shape_of_its_formula() -> None:
    kernel = gaussian_kernel(1.5)
    assert (kernel[12, 13] / kernel[12, 12]).item() == pytest.approx(2.718281828 ** (-1 / 4.5))


def test_negative_sigma_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 0"):
        gaussian_kernel(-0.1)


def test_transfer_function_convolves_circularly_about_the_centre() -> None:
    torch.manual_seed(0)
    image, kernel = torch.rand(7, 10, dtype=torch.float64), torch.rand(3, 5, dtype=torch.float64)
    expected = sum(
        kernel[row, column] * image.roll((row - 1, column - 2), (0, 1)) for row in range(3) for column in range(5)
    )
    actual = torch.fft.irfft2(torch.fft.rfft2(image) * transfer_function(kernel, 7, 10), s=(7, 10))
    torch.testing.assert_close(actual, expected)
