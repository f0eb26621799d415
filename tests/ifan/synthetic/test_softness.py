"""Soft scenes: their softness is the truth, and only what is out of focus on top of it is to be removed."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from ifan.synthetic.degradations import NONE
from ifan.synthetic.lens import draw_lenses
from ifan.synthetic.patches import MARGIN, PatchStyle, Sources, SyntheticPatches
from ifan.synthetic.photographs import Bank
from ifan.synthetic.rendering import Surfaces, sharp
from ifan.synthetic.softness import SoftSources, with_soft_scenes

STYLE = PatchStyle(crop=64, degradations=NONE, misaligned=0.0, reduced=0.0)
KINDS = {
    "gaussian": SoftSources(share=1.0, own_blur=0.0, enlarged=0.0, deviation=(1.0, 1.6)),
    "enlarged": SoftSources(share=1.0, own_blur=0.0, enlarged=1.0),
    "own blur": SoftSources(share=1.0, own_blur=1.0, enlarged=0.0),
}


def roughness(images: Tensor) -> float:
    """Mean difference between neighbouring pixels."""
    return float((images[..., 1:] - images[..., :-1]).abs().mean())


def error(batch: dict[str, Tensor]) -> Tensor:
    """Mean squared error of each defocused image."""
    return (batch["image"] - batch["target"]).square().mean(dim=(1, 2, 3))


@pytest.mark.parametrize("kind", KINDS)
def test_a_soft_scene_in_focus_is_its_own_truth_and_softer_than_its_source(bank: Bank, kind: str) -> None:
    soft = replace(STYLE, soft_sources=replace(KINDS[kind], in_focus=1.0))
    batch = SyntheticPatches(Sources(bank), soft, 12, seed=3)(0)
    sharper = SyntheticPatches(Sources(bank), STYLE, 12, seed=3)(0)["target"]
    its_own_truth = error(batch) < 1e-6
    # Only scenes with a subject and a background can be out of focus in part.
    assert its_own_truth.sum() >= (3 if kind == "own blur" else 12)
    for view in ("left", "right"):
        torch.testing.assert_close(batch[view][its_own_truth], batch["image"][its_own_truth], atol=2e-3, rtol=0)
    assert roughness(batch["target"][its_own_truth]) < 0.9 * roughness(sharper[its_own_truth])


def test_defocus_on_top_of_softness_is_not_in_the_truth(bank: Bank) -> None:
    soft = replace(STYLE, soft_sources=replace(KINDS["gaussian"], in_focus=0.0, largest_radius=6.0))
    batch = SyntheticPatches(Sources(bank), soft, 8, seed=3)(0)
    assert error(batch).median() > 1e-5
    assert roughness(batch["image"]) < 0.9 * roughness(batch["target"])


def test_only_the_share_that_is_asked_for_is_soft_and_the_others_stay_as_they_are(bank: Bank) -> None:
    style = replace(STYLE, soft_sources=replace(KINDS["gaussian"], share=0.5))
    plain = SyntheticPatches(Sources(bank), STYLE, 12, seed=4)(0)["target"]
    mixed = SyntheticPatches(Sources(bank), style, 12, seed=4)(0)["target"]
    same = [bool((one - other).abs().max() < 1e-5) for one, other in zip(plain, mixed, strict=True)]
    assert 2 <= sum(same) <= 10


def test_no_share_draws_nothing(bank: Bank) -> None:
    """The validation patches, and with them figures of old trainings, stay the same."""
    random = np.random.default_rng(0)
    before = random.bit_generator.state
    style = replace(STYLE, soft_sources=SoftSources())
    assert style == STYLE
    lenses = draw_lenses(1, np.random.default_rng(1), torch.device("cpu"), misaligned=0.0)
    surfaces, same = with_soft_scenes(_two_surfaces(), lenses, SoftSources(), MARGIN, random)
    assert same is lenses
    assert len(surfaces.scene) == 2
    assert random.bit_generator.state == before


def test_a_lens_of_its_own_is_focused_on_the_nearest_surface() -> None:
    """A photograph of a subject before its background: the subject is sharp, and the background blurred."""
    scene = _two_surfaces()
    lenses = draw_lenses(1, np.random.default_rng(1), torch.device("cpu"), misaligned=0.0)
    style = replace(KINDS["own blur"], own_radius=(4.0, 4.0))
    soft, _ = with_soft_scenes(scene, lenses, style, MARGIN, np.random.default_rng(2))
    assert soft.scene == [0]
    seen, truth = sharp(soft, MARGIN)[0], sharp(scene, MARGIN)[0]
    middle = truth.shape[-1] // 2
    near, far = slice(0, middle - 8), slice(middle + 8, None)
    # Astigmatism and colour blur the subject a little too.
    assert roughness(seen[..., near]) > 0.6 * roughness(truth[..., near])
    assert roughness(seen[..., far]) < 0.3 * roughness(truth[..., far])


def test_a_scene_without_a_subject_is_not_put_out_of_focus_by_a_lens_of_its_own() -> None:
    scene = _two_surfaces()
    scene.alpha[0] = 1.0
    lenses = draw_lenses(1, np.random.default_rng(1), torch.device("cpu"), misaligned=0.0)
    soft, _ = with_soft_scenes(scene, lenses, KINDS["own blur"], MARGIN, np.random.default_rng(2))
    assert soft is scene


def _two_surfaces() -> Surfaces:
    """Noise in front on the left, at a radius of 5 px, and noise behind it, at 11 px."""
    size = 64 + 2 * MARGIN
    colour = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0))
    alpha = torch.ones(2, size, size)
    alpha[0, :, size // 2 :] = 0
    radius = torch.stack([torch.full((size, size), 5.0), torch.full((size, size), 11.0)])
    return Surfaces(colour, alpha, radius, [0, 0], [0, 1], [5.0, 11.0], [5.0, 11.0])
