"""Patches: the same from the same seed, what shapes they have, and that what is in focus is not changed."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ifan.synthetic.degradations import NONE
from ifan.synthetic.given_depth import DepthScenes
from ifan.synthetic.patches import PatchStyle, Sources, SyntheticPatches
from ifan.synthetic.photographs import Bank
from ifan.synthetic.surfaces import SceneStyle

IMAGES = {"image", "left", "right", "target"}


def scenes_of(bank: Bank) -> DepthScenes:
    """Two scenes of the bank's tiles: the left half of each 1 m away, the right half 4 m."""
    images = bank.tiles[:2]
    nearness = torch.ones(2, *images.shape[-2:], dtype=torch.float16)
    nearness[..., images.shape[-1] // 2 :] = 0.25
    return DepthScenes(images, nearness, torch.zeros(2, *images.shape[-2:], dtype=torch.uint8))


def test_the_same_seed_gives_the_same_patches_in_any_order(bank: Bank) -> None:
    style = PatchStyle(crop=64, depth_share=0.5)
    sources = Sources(bank, scenes_of(bank))
    first = SyntheticPatches(sources, style, 4, seed=3)
    batches = [first(step) for step in range(3)]
    again = SyntheticPatches(sources, style, 4, seed=3)
    for step in (2, 0, 1):
        for name, images in again(step).items():
            assert torch.equal(images, batches[step][name]), name


def test_another_seed_step_or_process_gives_other_patches(bank: Bank) -> None:
    sources, style = Sources(bank), PatchStyle(crop=64, reduced=0.0)
    base = SyntheticPatches(sources, style, 2, seed=0)
    reference = base(0, 0, 2)["target"]
    for other in (SyntheticPatches(sources, style, 2, seed=1)(0, 0, 2), base(1, 0, 2), base(0, 1, 2)):
        assert not torch.equal(other["target"], reference)


def test_processes_share_a_batch(bank: Bank) -> None:
    patches = SyntheticPatches(Sources(bank), PatchStyle(crop=64), 5, seed=0)
    assert [len(patches(0, process, 2)["image"]) for process in range(2)] == [2, 3]


@pytest.mark.parametrize("reduced", [0.0, 1.0])
def test_patches_are_images_in_range_of_the_size_asked_for(bank: Bank, reduced: float) -> None:
    batch = SyntheticPatches(Sources(bank, scenes_of(bank)), PatchStyle(crop=64, reduced=reduced), 6, seed=1)(0)
    assert set(batch) == IMAGES
    for images in batch.values():
        assert images.shape == (6, 3, 64, 64)
        assert images.dtype == torch.float32
        assert images.min() >= 0
        assert images.max() <= 1
        assert images.std() > 0.01


def test_a_patch_in_focus_is_its_own_truth(bank: Bank) -> None:
    scenes = SceneStyle(sharp_share=1.0, highlights=0.0, sparks=0.0, surfaces=(1.0, 0.0, 0.0))
    style = PatchStyle(crop=64, scenes=scenes, degradations=NONE, misaligned=0.0, reduced=0.0, soft_truth=1.0)
    batch = SyntheticPatches(Sources(bank), style, 8, seed=0)(0)
    error = (batch["image"] - batch["target"]).square().mean(dim=(1, 2, 3))
    # A radius of up to 0.7 px, with up to 0.3 px more for red or blue, blurs a little.
    assert (-10 * torch.log10(error)).min() > 20
    assert (-10 * torch.log10(error)).median() > 35


def test_a_kept_patch_is_its_own_truth_and_both_its_views(bank: Bank) -> None:
    style = PatchStyle(crop=64, scenes=SceneStyle(smallest_radius=6.0, sharp_share=0.0), kept=0.5, reduced=1.0)
    plain = SyntheticPatches(Sources(bank), replace(style, kept=0.0), 8, seed=5)(0)
    batch = SyntheticPatches(Sources(bank), style, 8, seed=5)(0)
    kept = [bool(torch.equal(batch["target"][place], plain["image"][place])) for place in range(8)]
    assert 0 < sum(kept) < 8
    for place, is_kept in enumerate(kept):
        assert torch.equal(batch["image"][place], plain["image"][place]), "the defocused image stays as it is"
        for name in ("left", "right", "target"):
            expected = plain["image" if is_kept else name][place]
            assert torch.equal(batch[name][place], expected), (place, name)


def test_the_merged_image_is_the_mean_of_its_views_in_linear_light(bank: Bank) -> None:
    from ifan.synthetic.surfaces import to_linear

    style = PatchStyle(crop=64, degradations=NONE, reduced=0.0)
    batch = SyntheticPatches(Sources(bank), style, 4, seed=2)(0)
    mean = (to_linear(batch["left"]) + to_linear(batch["right"])) / 2
    torch.testing.assert_close(to_linear(batch["image"]), mean, atol=2e-5, rtol=0)


def test_a_patch_that_does_not_fit_into_a_tile_is_refused(bank: Bank) -> None:
    with pytest.raises(ValueError, match="at most 256"):
        SyntheticPatches(Sources(bank), PatchStyle(crop=272), 2, seed=0)


def test_drawn_patches_show_all_amounts_of_blur(bank: Bank) -> None:
    batch = SyntheticPatches(Sources(bank), PatchStyle(crop=64, degradations=NONE, reduced=0.0), 24, seed=0)(0)
    error = (batch["image"] - batch["target"]).square().mean(dim=(1, 2, 3)).sqrt().numpy()
    assert np.quantile(error, 0.1) < 0.02
    assert np.quantile(error, 0.8) > 0.03
