"""Training patches: the paper's augmentations, and draws that depend on seed and step alone."""

from pathlib import Path

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.datasets.dual_pixel import DualPixelFolder
from ifan.training.augmentation import Augmentation
from ifan.training.patches import FolderPatches
from realdof.images.files import write_pixels


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_one_draw_crops_scales_and_greys_all_four_images_alike(seed: int) -> None:
    image = np.random.default_rng(1).random((100, 110, 3), dtype=np.float32)
    same = dict.fromkeys(("image", "left", "right", "target"), image)
    noiseless = Augmentation(crop=64, noise_probability=0.0)(same, np.random.default_rng(seed))
    for name in ("left", "right", "target"):
        np.testing.assert_array_equal(noiseless[name], noiseless["image"])
    assert noiseless["image"].shape == (64, 64, 3)


def test_noise_goes_on_the_three_inputs_and_never_on_the_truth() -> None:
    image = np.full((64, 64, 3), 0.5, np.float32)
    noisy = Augmentation(crop=64, noise_probability=1.0, grey_probability=0.0, scale_probability=0.0)(
        dict.fromkeys(("image", "left", "right", "target"), image), np.random.default_rng(0)
    )
    np.testing.assert_array_equal(noisy["target"], image)
    assert 0.001 / 2 < (noisy["image"] - image).std() < 0.0707 * 1.1
    np.testing.assert_array_equal(noisy["left"], noisy["image"])
    np.testing.assert_array_equal(noisy["right"], noisy["image"])


def test_batches_depend_on_seed_and_step_alone_and_split_over_processes(data: Path) -> None:
    source = FolderPatches(DualPixelFolder.open(data), Augmentation(crop=64), batch=4, seed=3)
    whole = source(5, 0, 1)
    parts = [source(5, process, 2) for process in (0, 1)]
    for name, value in whole.items():
        assert torch.equal(value, torch.cat([part[name] for part in parts]))
    assert not torch.equal(source(6, 0, 1)["image"], whole["image"])


def test_patches_without_defocus_are_drawn_as_seldom_as_asked_and_never_by_default_less(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for name, change in (("0", 0), ("1", 40)):
        target = random.integers(50, 200, (96, 96, 3)).astype(np.uint8)
        folders = {"train_c/source": target + change, "train_l/source": target, "train_r/source": target}
        for folder, pixels in (folders | {"train_c/target": target}).items():
            (tmp_path / folder).mkdir(parents=True, exist_ok=True)
            write_pixels(tmp_path / folder / f"{name}.png", pixels.astype(np.uint8))

    def sharp_of_100(skip: float) -> int:
        augmentation = Augmentation(crop=64, noise_probability=0.0, skip_sharp=skip)
        batch = FolderPatches(DualPixelFolder.open(tmp_path), augmentation, batch=100, seed=0)(0, 0, 1)
        return sum(torch.equal(image, target) for image, target in zip(batch["image"], batch["target"], strict=True))

    assert 35 < sharp_of_100(0.0) < 65
    assert sharp_of_100(0.9) < 20  # 9 expected
