"""EBDB: the blur at edges within 15 %, a map that ranks blur as it is, and photographs that get sharper."""

import cv2
import numpy as np
import pytest
import torch
from blurred_images import dead_leaves, defocused
from scipy.stats import spearmanr
from skimage import data

from baselines.map_based.ebdb import EBDB, blur_at_edges, estimate_sigma
from benchmark.method import Context, Sample

SLOPE = np.tile(np.linspace(0.5, 4, 256), (256, 1))


@pytest.mark.parametrize("sigma", [0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 4.0])
def test_blur_at_edges_is_found_within_15_percent(sigma: float) -> None:
    found = np.concatenate(
        [edges.sigma[edges.mask] for edges in (blur_at_edges(defocused(dead_leaves(seed), sigma)) for seed in (0, 1))]
    )
    assert len(found) > 4000
    assert np.median(np.abs(found / sigma - 1)) < 0.15


def test_noise_of_one_percent_is_seen_through() -> None:
    rng = np.random.default_rng(0)
    for sigma in (1.0, 2.0, 3.0):
        noisy = defocused(dead_leaves(0), sigma) + rng.normal(0, 0.01, (256, 256, 3)).astype(np.float32)
        edges = blur_at_edges(noisy)
        assert np.median(np.abs(edges.sigma[edges.mask] / sigma - 1)) < 0.15


@pytest.mark.parametrize("sigma", [1.0, 2.0, 4.0])
def test_blur_of_a_photograph_is_found_within_15_percent(sigma: float) -> None:
    grey = cv2.resize(data.coins().astype(np.float32) / 255, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    edges = blur_at_edges(defocused(np.repeat(grey[..., None], 3, axis=2), sigma))
    assert np.median(np.abs(edges.sigma[edges.mask] / sigma - 1)) < 0.15


@pytest.mark.parametrize("seed", [0, 1])
def test_map_ranks_the_blur_as_it_is(seed: int) -> None:
    found = estimate_sigma(defocused(dead_leaves(seed), SLOPE))
    assert found.dtype == np.float32
    assert spearmanr(found.ravel(), SLOPE.ravel()).statistic > 0.8


def test_map_of_a_photograph_ranks_the_blur_as_it_is() -> None:
    sharp = data.astronaut()[:256, 128:384].astype(np.float32) / 255
    found = estimate_sigma(defocused(sharp, SLOPE))
    assert spearmanr(found.ravel(), SLOPE.ravel()).statistic > 0.8


def test_image_without_edges_comes_back_to_the_bit() -> None:
    image = torch.full((3, 64, 72), 0.3)
    assert torch.equal(EBDB.load().deblur(Sample("flat", image), Context()).image, image)


def test_method_sharpens_a_blurred_image_and_keeps_the_time_of_both_stages() -> None:
    sharp = dead_leaves(2)
    sigma = np.where(SLOPE < 2, 0.5, 2.0)
    truth, image = (torch.from_numpy(a).permute(2, 0, 1).contiguous() for a in (sharp, defocused(sharp, sigma)))
    method = EBDB.load()
    made = method.deblur(Sample("a", image), Context(family="cuhk"))
    errors = [(result.clamp(0, 1) - truth).square().mean() for result in (image, made.image)]
    assert errors[1] < 0.8 * errors[0]
    assert set(made.stages) == {"map", "deconvolution"}
