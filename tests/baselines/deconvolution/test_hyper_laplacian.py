"""The solver of Krishnan and Fergus, against the published one and against brute force."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from baselines.deconvolution.hyper_laplacian import _jump, deconvolve, shrink, w_step
from baselines.deconvolution.kernels import gaussian_kernel, transfer_function

REFERENCE = np.load(Path(__file__).parents[2] / "data" / "golden" / "hyper_laplacian_reference.npz")
CASES = {
    "x_alpha_0.5000_lambda_16.8": (1 / 2, 16.8),
    "x_alpha_0.6667_lambda_16.8": (2 / 3, 16.8),
    "x_alpha_1.0000_lambda_16.8": (1.0, 16.8),
    "x_alpha_1.5000_lambda_16.8": (3 / 2, 16.8),
    "x_alpha_0.6667_lambda_420": (2 / 3, 420.0),
}


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("case", CASES)
def test_solver_computes_what_the_published_one_does(case: str, dtype: torch.dtype) -> None:
    alpha, data_weight = CASES[case]
    blurred = torch.from_numpy(REFERENCE["y"]).to(dtype)
    x = deconvolve(blurred, torch.from_numpy(REFERENCE["kernel"]), data_weight, alpha)
    difference = x.double() - torch.from_numpy(REFERENCE[case])
    assert x.dtype == dtype
    assert difference.abs().max() < 5e-4
    assert -10 * torch.log10(difference.square().mean()) > 95


def cost(w: Tensor, v: Tensor, beta: float, alpha: float) -> Tensor:
    return w.abs() ** alpha + beta / 2 * (w - v) ** 2


@pytest.mark.parametrize("alpha", [0.3, 1 / 2, 2 / 3, 0.8, 1.0, 1.1, 1.8, 2.0])
@pytest.mark.parametrize("beta", [1.0, 8.0, 256 / 2**1.5])
def test_no_w_on_a_fine_grid_costs_less_than_the_w_step(alpha: float, beta: float) -> None:
    v = torch.linspace(0, 2, 401, dtype=torch.float64)
    least = cost(torch.linspace(0, 2, 4001, dtype=torch.float64)[:, None], v, beta, alpha).amin(0)
    w = shrink(v, beta, alpha)
    excess = cost(w, v, beta, alpha) - least
    # In the step of the published table that holds the jump, w is interpolated and costs more.
    if alpha < 1:
        smallest_root = (2 * (1 - alpha) / beta) ** (1 / (2 - alpha))
        threshold = smallest_root * (2 - alpha) / (2 * (1 - alpha))
        excess = excess[(v - threshold).abs() > 1e-4]
    assert excess.max() < 1e-12


@pytest.mark.parametrize("beta", [8.0, (2 * math.sqrt(2)) ** 2, 8.000000000000002, 7.999999999999999])
def test_a_threshold_on_the_published_tables_grid_gives_zero_whatever_rounding_made_of_beta(beta: float) -> None:
    assert _jump(beta, 1 / 2) == pytest.approx((0.375, 0.3751), abs=1e-12)
    assert shrink(torch.tensor([0.3749, 0.375], dtype=torch.float64), beta, 1 / 2).tolist() == [0, 0]
    assert shrink(torch.tensor([0.3751], dtype=torch.float64), beta, 1 / 2).item() > 0.24


@pytest.mark.parametrize("beta", [8.0, 64.0])
def test_w_step_for_three_halves_is_near_its_root_after_the_first_steps(beta: float) -> None:
    v = torch.linspace(0, 2, 401, dtype=torch.float64)
    root = (2 * beta * v / (1.5 + (2.25 + 4 * beta**2 * v).sqrt())) ** 2
    assert (shrink(v, beta, 3 / 2) - root).abs().max() < 2e-4


@settings(deadline=None)
@given(
    v=st.floats(-10, 10),
    beta=st.floats(1, 200),
    alpha=st.sampled_from([0.3, 1 / 2, 2 / 3, 0.9, 1.0, 1.2, 3 / 2, 2.0]),
)
def test_w_lies_between_zero_and_v(v: float, beta: float, alpha: float) -> None:
    w = float(shrink(torch.tensor([v], dtype=torch.float64), beta, alpha))
    assert 0 <= math.copysign(1, v) * w <= abs(v) + 1e-12


@pytest.mark.parametrize("alpha", [0.3, 1 / 2, 2 / 3, 0.9, 1.2, 3 / 2])
@pytest.mark.parametrize("beta", [1.0, 22.6, 181.0])
def test_table_of_the_w_step_is_the_w_step_to_a_few_millionths(alpha: float, beta: float) -> None:
    v = torch.linspace(-3.9, 3.9, 200_003)
    step = w_step(torch.tensor([0.0, 3.9]), beta, alpha)
    difference = (step(v).double() - shrink(v.double(), beta, alpha)).abs()
    # But for where w jumps: from zero, and for 3/2 where the published solver's few Newton steps end elsewhere.
    assert (difference > 1.5e-5).double().mean() < 1e-3
    assert (step(v).abs() <= v.abs() + 1e-5).all()
    assert (step(v) * v >= 0).all()


@pytest.mark.parametrize("scale", [1.0, 255.0])
@pytest.mark.parametrize("alpha", [2 / 3, 3 / 2])
def test_single_precision_gives_the_double_ones_result_also_for_other_ranges(scale: float, alpha: float) -> None:
    coarse = torch.rand(1, 3, 8, 10, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    image = scale * torch.nn.functional.interpolate(coarse, scale_factor=8)[0]
    kernel = gaussian_kernel(1.5)
    double, single = (deconvolve(image.to(dtype), kernel, 420.0, alpha) for dtype in (torch.float64, torch.float32))
    assert ((single - double) / scale).abs().max() < 2e-3
    assert ((single - double) / scale).square().mean().sqrt() < 2e-5


def test_noiseless_circular_blur_is_undone_with_a_high_data_weight() -> None:
    torch.manual_seed(0)
    coarse = torch.rand(1, 3, 8, 10, dtype=torch.float64)
    sharp = torch.nn.functional.interpolate(coarse, scale_factor=8)[0]
    kernel = gaussian_kernel(1.0)
    transfer = transfer_function(kernel, 64, 80)
    blurred = torch.fft.irfft2(torch.fft.rfft2(sharp) * transfer, s=(64, 80))
    error = (deconvolve(blurred, kernel, 1e5) - sharp).square().mean()
    assert error < (blurred - sharp).square().mean() / 30


def test_channels_do_not_know_of_each_other() -> None:
    torch.manual_seed(0)
    blurred = torch.rand(2, 3, 32, 40, dtype=torch.float64)
    kernel = gaussian_kernel(0.8)
    together = deconvolve(blurred, kernel, 100.0)
    torch.testing.assert_close(deconvolve(blurred[1, 2], kernel, 100.0), together[1, 2])


@pytest.mark.parametrize(
    ("data_weight", "alpha", "side", "told"),
    [(0.0, 2 / 3, 3, "above 0"), (1.0, 2.5, 3, "at most 2"), (1.0, 0.0, 3, "above 0"), (1.0, 1.0, 4, "odd"),
     (1.0, 1.0, 17, "larger")],
)  # fmt: skip
def test_parameters_out_of_range_are_refused(data_weight: float, alpha: float, side: int, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        deconvolve(torch.rand(16, 16), torch.ones(side, side) / side**2, data_weight, alpha)
