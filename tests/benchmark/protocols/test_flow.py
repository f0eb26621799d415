"""The protocol of misaligned pairs: the truth is warped onto the output."""

import numpy as np
import pytest
import torch

from benchmark import registry
from benchmark.method import Sample
from benchmark.protocols.flow import SDD_FLOW, warp_onto
from benchmark.protocols.papers import IFAN_CVPR21


def picture(height: int = 128, width: int = 160) -> torch.Tensor:
    """Smooth random colours, float32 (3, H, W)."""
    coarse = torch.from_numpy(np.random.default_rng(3).random((1, 3, height // 8, width // 8), np.float32))
    return torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic", align_corners=False)[0].clamp(0, 1)


@pytest.mark.parametrize("shift", [(0, 0), (2, -3), (-4, 1)])
def test_a_shifted_truth_is_brought_back_onto_the_output(shift: tuple[int, int]) -> None:
    whole = picture()
    moved = torch.roll(whole, shift, (1, 2))
    inner = (slice(None), slice(16, -16), slice(16, -16))
    assert (warp_onto(whole, moved)[inner] - whole[inner]).abs().mean() < 0.01


def test_a_misaligned_pair_scores_higher_than_without_the_warp_and_the_score_is_recorded_as_usual() -> None:
    output, target = picture(), torch.roll(picture(), (2, -3), (1, 2))
    psnr = {"psnr": registry.metric("psnr")}
    sample = Sample("a", output, target=target)
    assert SDD_FLOW.score(output, sample, psnr)["psnr"] > IFAN_CVPR21.score(output, sample, psnr)["psnr"] + 8


def test_without_a_truth_there_is_no_score() -> None:
    assert SDD_FLOW.score(picture(), Sample("a", picture()), {"psnr": registry.metric("psnr")}) == {}


def test_its_images_are_cut_to_multiples_of_16() -> None:
    assert SDD_FLOW.fitted_size(1000, 1500) == (992, 1488)
