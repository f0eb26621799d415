"""PSNR, SSIM and MAE against float64 references, and what holds for every metric."""

import math

import numpy as np
import pytest
import skimage.data
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import structural_similarity
from torch import Tensor

from benchmark.metrics.mae import MAE
from benchmark.metrics.psnr import PSNR
from benchmark.metrics.psnr_y import PSNRY
from benchmark.metrics.ssim import SSIM

METRICS = [PSNR(), PSNRY(), SSIM(), MAE()]
by_name = pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.card.name)


def photograph(name: str, rows: slice, columns: slice) -> Tensor:
    """A part of one of scikit-image's photographs, (3, H, W) in [0, 1]."""
    pixels = getattr(skimage.data, name)()[rows, columns, :3]
    return torch.from_numpy(pixels.astype(np.float32) / 255).permute(2, 0, 1)


def noisy(image: Tensor, deviation: float, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return (image + deviation * torch.randn(image.shape, generator=generator)).clamp(0, 1)


def scikit_ssim(output: Tensor, target: Tensor) -> float:
    arrays = (image.numpy().astype(np.float64) for image in (output, target))
    return float(structural_similarity(*arrays, data_range=1, channel_axis=0))


@st.composite
def pairs(draw: st.DrawFn, smallest: int = 1) -> tuple[Tensor, Tensor]:
    """Images of any shape: noise, 8-bit values, a constant, and a constant with a trace of noise."""
    height, width = draw(st.integers(smallest, 80)), draw(st.integers(smallest, 80))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    level = draw(st.sampled_from([0.0, 1e-3, 0.1, 0.5, 1.0]))
    kinds = {
        "noise": lambda: random.random((3, height, width)),
        "8-bit": lambda: random.integers(0, 256, (3, height, width)) / 255,
        "constant": lambda: np.full((3, height, width), level),
        "nearly constant": lambda: np.clip(level + random.normal(0, 1e-6, (3, height, width)), 0, 1),
    }
    chosen = (kinds[draw(st.sampled_from(sorted(kinds)))]() for _ in range(2))
    first, second = (torch.from_numpy(values.astype(np.float32)) for values in chosen)
    return first, second


@given(pairs())
@settings(deadline=None)
def test_psnr_is_exact_against_float64(pair: tuple[Tensor, Tensor]) -> None:
    squared = (pair[0].double() - pair[1].double()).square().mean().item()
    assert PSNR()(*pair) == (pytest.approx(-10 * math.log10(squared), abs=1e-12) if squared else math.inf)


@given(pairs())
@settings(deadline=None)
def test_mae_is_exact_against_float64(pair: tuple[Tensor, Tensor]) -> None:
    expected = (pair[0].double() - pair[1].double()).abs().mean().item()
    assert MAE()(*pair) == pytest.approx(expected, abs=1e-12)


@given(pairs(smallest=7))
@settings(deadline=None)
def test_ssim_is_that_of_scikit_image(pair: tuple[Tensor, Tensor]) -> None:
    assert SSIM()(*pair) == pytest.approx(scikit_ssim(*pair), abs=1e-12)


@pytest.mark.parametrize(
    ("name", "rows", "columns"),
    [
        ("astronaut", slice(0, 301), slice(0, 203)),
        ("coffee", slice(0, 400), slice(0, 600)),
        ("chelsea", slice(10, 105), slice(0, 451)),
    ],
    ids=["portrait", "landscape", "odd"],
)
def test_ssim_of_photographs_is_that_of_scikit_image(name: str, rows: slice, columns: slice) -> None:
    target = photograph(name, rows, columns)
    output = noisy(target, 0.03)
    assert SSIM()(output, target) == pytest.approx(scikit_ssim(output, target), abs=1e-12)


def test_psnr_of_identical_images_is_infinite() -> None:
    image = photograph("astronaut", slice(64), slice(64))
    assert PSNR()(image, image.clone()) == math.inf


def test_psnr_counts_a_tenth_of_the_range_as_20_db() -> None:
    target = torch.full((3, 8, 8), 0.5)
    assert PSNR()(target + 0.1, target) == pytest.approx(20, abs=1e-5)


def test_psnr_averages_over_channels_before_the_logarithm() -> None:
    target = torch.zeros(3, 8, 8)
    output = target.clone()
    output[0] = 1
    assert PSNR()(output, target) == pytest.approx(10 * math.log10(3), abs=1e-12)


@by_name
def test_more_noise_ranks_worse_and_stays_in_the_range_of_the_card(metric: PSNR | SSIM | MAE) -> None:
    target = photograph("coffee", slice(0, 90), slice(0, 70))
    little, much = (metric(noisy(target, deviation), target) for deviation in (0.02, 0.2))
    lowest, highest = metric.card.range
    assert lowest <= little <= highest
    assert lowest <= much <= highest
    assert (much > little) == (metric.card.better == "lower")


@by_name
def test_a_strided_image_scores_like_its_copy(metric: PSNR | SSIM | MAE) -> None:
    target = photograph("coffee", slice(0, 90), slice(0, 70))
    output = noisy(target, 0.1)
    strided = output.permute(1, 2, 0).contiguous().permute(2, 0, 1)
    assert metric(strided, target) == metric(output, target)


@by_name
def test_a_value_that_is_no_number_is_not_hidden(metric: PSNR | SSIM | MAE) -> None:
    target = photograph("coffee", slice(0, 90), slice(0, 70))
    output = target.clone()
    output[1, 45, 35] = math.nan
    assert math.isnan(metric(output, target))


@by_name
def test_images_of_two_sizes_are_refused(metric: PSNR | SSIM | MAE) -> None:
    with pytest.raises(ValueError, match=r"\(3, 9, 8\).*\(3, 8, 8\)"):
        metric(torch.zeros(3, 9, 8), torch.zeros(3, 8, 8))


def test_ssim_refuses_images_under_its_window() -> None:
    with pytest.raises(ValueError, match="at least 7 px"):
        SSIM()(torch.zeros(3, 6, 20), torch.zeros(3, 6, 20))


def test_psnr_y_is_that_of_matlabs_luma() -> None:
    """On the 8-bit scale Y = 16 + 65.481 R + 128.553 G + 24.966 B, in float64, peak 255, as BasicSR computes it."""
    target = photograph("coffee", slice(0, 90), slice(0, 120))
    output = noisy(target, 0.05)
    lumas = [16 + np.tensordot([65.481, 128.553, 24.966], one.double().numpy(), 1) for one in (output, target)]
    expected = 20 * math.log10(255 / math.sqrt(np.square(lumas[0] - lumas[1]).mean()))
    assert PSNRY()(output, target) == pytest.approx(expected, abs=1e-9)


@given(pairs())
@settings(deadline=None)
def test_psnr_y_of_a_difference_in_grey_is_the_psnr_and_what_headroom_takes(pair: tuple[Tensor, Tensor]) -> None:
    grey = [image[:1].expand(3, -1, -1).contiguous() for image in pair]
    expected = PSNR()(grey[0], grey[1]) + 20 * math.log10(255 / 219)
    assert PSNRY()(grey[0], grey[1]) == (pytest.approx(expected, abs=1e-5) if math.isfinite(expected) else math.inf)


def test_psnr_y_ignores_a_change_of_colour_that_keeps_luma() -> None:
    target = torch.full((3, 8, 8), 0.5)
    output = target + torch.tensor([0.1, -0.1 * 65.481 / 128.553, 0.0]).view(3, 1, 1)
    assert PSNRY()(output, target) > 120
    assert PSNR()(output, target) < 30
