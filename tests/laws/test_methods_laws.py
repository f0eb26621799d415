"""Laws of what computes images: filters that change nothing, blur that is undone, bands that are the whole."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from torch import Tensor

from baselines.deconvolution import hyper_laplacian, richardson_lucy, wiener
from baselines.deconvolution.edge_taper import edge_taper
from baselines.deconvolution.kernels import disc_kernel, gaussian_kernel, transfer_function
from ifan.iac import NEGATIVE_SLOPE, apply_separable, iterative_adaptive_convolution
from ifan.shape import FilterLayout

law = settings(max_examples=20, database=None, deadline=None, suppress_health_check=list(HealthCheck))


def made(number: int, *shape: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(number), dtype=torch.float64)


def identity_map(layout: FilterLayout, height: int, width: int, bias: float = 0.0) -> Tensor:
    """Filters of one centre tap, and the same bias everywhere."""
    found = torch.zeros(1, layout.map_channels, height, width, dtype=torch.float64)
    for n in range(layout.sets):
        for place in (layout.vertical(n), layout.horizontal(n)):
            found[:, place].view(1, layout.channels, layout.taps, height, width)[:, :, layout.taps // 2] = 1
        found[:, layout.bias(n)] = bias
    return found


@seed(16)
@law
@given(number=st.integers(0, 10**6), sets=st.integers(1, 5), taps=st.sampled_from((1, 3, 5)), shared=st.booleans())
def test_iac_with_identity_filters_scales_the_negative_by_the_slope_and_keeps_the_rest(
    number: int, sets: int, taps: int, shared: bool
) -> None:
    layout = FilterLayout(sets, 4, taps)
    features = made(number, 1, 4, 9, 7) - 0.5
    found = iterative_adaptive_convolution(features, identity_map(layout, 9, 7), layout, shared_taps=shared)
    expected = torch.where(features < 0, features * NEGATIVE_SLOPE**sets, features)
    torch.testing.assert_close(found, expected)


@seed(16)
@law
@given(number=st.integers(0, 10**6), sets=st.integers(1, 4), bias=st.floats(0, 2))
def test_biases_of_iac_add_up_where_nothing_is_negative(number: int, sets: int, bias: float) -> None:
    layout = FilterLayout(sets, 3, 3)
    features = made(number, 1, 3, 8, 6)
    found = iterative_adaptive_convolution(features, identity_map(layout, 8, 6, bias), layout)
    torch.testing.assert_close(found, features + sets * bias)


@seed(16)
@law
@given(number=st.integers(0, 10**6), scale=st.floats(-3, 3))
def test_one_filter_of_iac_is_linear_in_the_features_and_in_the_taps(number: int, scale: float) -> None:
    a, b, taps = made(number, 1, 3, 8, 6), made(number + 1, 1, 3, 8, 6), made(number + 2, 1, 9, 8, 6)
    both = apply_separable(a + scale * b, taps, dim=2)
    torch.testing.assert_close(both, apply_separable(a, taps, dim=2) + scale * apply_separable(b, taps, dim=2))
    torch.testing.assert_close(apply_separable(a, scale * taps, dim=3), scale * apply_separable(a, taps, dim=3))


SOLVERS: dict[str, Callable[..., Tensor]] = {
    "wiener": partial(wiener.deconvolve, noise=1e-3),
    "richardson-lucy": partial(richardson_lucy.deconvolve, iterations=30),
    "hyper-laplacian": partial(hyper_laplacian.deconvolve, data_weight=1e4),
}


def blurred(image: Tensor, kernel: Tensor) -> Tensor:
    height, width = image.shape[-2:]
    transfer = transfer_function(kernel.to(image), height, width)
    return torch.fft.irfft2(torch.fft.rfft2(image) * transfer, s=(height, width))


@pytest.mark.parametrize("name", SOLVERS)
@seed(16)
@settings(parent=law, max_examples=6)
@given(row=st.integers(0, 31), column=st.integers(0, 39), sigma=st.floats(0.6, 1.7), disc=st.booleans())
def test_the_deconvolution_of_a_blurred_impulse_is_an_impulse_at_its_place(
    name: str, row: int, column: int, sigma: float, disc: bool
) -> None:
    impulse = torch.zeros(1, 32, 40, dtype=torch.float64)
    impulse[0, row, column] = 1.0
    kernel = (disc_kernel if disc else gaussian_kernel)(sigma)
    spread = blurred(impulse, kernel)
    found = SOLVERS[name](spread, kernel)
    assert int(found.argmax()) == row * 40 + column
    assert float(found.max()) > 1.5 * float(spread.max())
    torch.testing.assert_close(found.sum(), impulse.sum(), rtol=0, atol=5e-3)


@pytest.mark.parametrize("name", SOLVERS)
@seed(16)
@settings(parent=law, max_examples=6)
@given(number=st.integers(0, 10**6), down=st.integers(0, 31), right=st.integers(0, 39))
def test_deconvolution_moves_with_the_image_and_turns_with_it(name: str, number: int, down: int, right: int) -> None:
    kernel = gaussian_kernel(1.2)
    image = blurred(made(number, 1, 32, 40), kernel)
    found = SOLVERS[name](image, kernel)
    moved = SOLVERS[name](image.roll((down, right), (1, 2)), kernel)
    torch.testing.assert_close(moved, found.roll((down, right), (1, 2)), rtol=0, atol=1e-9)
    turned = SOLVERS[name](image.transpose(1, 2).contiguous(), kernel)
    torch.testing.assert_close(turned, found.transpose(1, 2), rtol=0, atol=1e-9)


@seed(16)
@law
@given(number=st.integers(0, 10**6), sigma=st.floats(0.3, 1.7), disc=st.booleans())
def test_blur_keeps_the_mean_and_makes_nothing_brighter_than_the_brightest(
    number: int, sigma: float, disc: bool
) -> None:
    image = made(number, 1, 32, 40)
    found = blurred(image, (disc_kernel if disc else gaussian_kernel)(sigma))
    torch.testing.assert_close(found.mean(), image.mean())
    assert float(found.max()) <= float(image.max()) + 1e-12
    assert float(found.min()) >= float(image.min()) - 1e-12


@seed(16)
@law
@given(number=st.integers(0, 10**6), sigma=st.floats(0.5, 1.7))
def test_edge_tapering_stays_between_the_image_and_its_blur(number: int, sigma: float) -> None:
    image, kernel = made(number, 1, 40, 48), gaussian_kernel(sigma)
    circular, found = blurred(image, kernel), edge_taper(image, kernel)
    assert bool((found <= torch.maximum(image, circular) + 1e-9).all())
    assert bool((found >= torch.minimum(image, circular) - 1e-9).all())


@pytest.mark.slow
@seed(16)
@settings(parent=law, max_examples=5)
@given(number=st.integers(0, 10**6), height=st.integers(9, 15), band=st.integers(1, 5))
def test_bands_of_any_height_equal_the_whole_image(number: int, height: int, band: int) -> None:
    from ifan import bands
    from ifan.network import IFAN, NetworkShape

    torch.manual_seed(number)
    network = IFAN(NetworkShape(8)).eval().double()
    image = made(number, 1, 3, 8 * height, 24)
    with torch.inference_mode():
        whole = network(image)
        found = torch.full_like(image, float("nan"))

        def write(start: int, stop: int, rows: Tensor) -> None:
            found[:, :, start:stop] = rows

        bands.deblur(
            network, lambda start, stop: image[:, :, start:stop], None, *image.shape[-2:], write,
            lambda graph: graph.plan(8 * band),
        )  # fmt: skip
    torch.testing.assert_close(found, whole, rtol=0, atol=1e-11 * float(whole.abs().max()))


@seed(16)
@law
@given(number=st.integers(0, 10**6), gain=st.floats(0.5, 1.8), offset=st.floats(-0.05, 0.05))
def test_exposure_matching_undoes_an_affine_change(number: int, gain: float, offset: float) -> None:
    from realdof.matching.photometry import apply_photometry, fit_photometry

    reference = np.random.default_rng(number).random((60, 80, 3), dtype=np.float32) * np.float32(0.5) + np.float32(0.2)
    moving = (reference - np.float32(offset)) / np.float32(gain)
    for method in ("linear", "mean-std"):
        model = fit_photometry(reference, moving, method=method)  # type: ignore[arg-type]
        np.testing.assert_allclose(model.gain, gain, rtol=1e-3)
        np.testing.assert_allclose(apply_photometry(moving, model), reference, atol=1e-4)
