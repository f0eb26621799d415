"""What camera and file do to patches: compared with Pillow's JPEG, with the formula of shot noise, and with nothing."""

import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from ifan.synthetic.degradations import NONE, Degradations, process, record, through_file
from ifan.synthetic.jpeg import compress
from ifan.synthetic.surfaces import to_encoded, to_linear


def picture(seed: int, side: int = 96) -> Tensor:
    """A smooth picture with some detail: float32 (1, 3, side, side), of 8 bits."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 256, (12, 12, 3), dtype=np.uint8)).resize(
        (side, side), Image.Resampling.BICUBIC
    )
    pixels = np.clip(np.asarray(coarse, np.float32) + random.normal(0, 6, (side, side, 3)), 0, 255).round()
    return torch.from_numpy(pixels / 255).permute(2, 0, 1)[None].float()


def by_pillow(image: Tensor, quality: int, halved: bool) -> Tensor:
    """The same picture saved as JPEG by libjpeg, and read again."""
    content = io.BytesIO()
    pixels = (image[0].permute(1, 2, 0) * 255).round().byte().numpy()
    Image.fromarray(pixels).save(content, "JPEG", quality=quality, subsampling=2 if halved else 0)
    return torch.from_numpy(np.array(Image.open(content))).permute(2, 0, 1)[None] / 255


@pytest.mark.parametrize("quality", [70, 85, 98])
@pytest.mark.parametrize("halved", [False, True])
def test_jpeg_is_that_of_libjpeg_to_a_level(quality: int, halved: bool) -> None:
    image = picture(0)
    ours = compress(image, torch.tensor([float(quality)]), torch.tensor([halved]))
    theirs = by_pillow(image, quality, halved)
    # Rounding to whole levels differs; what compression does to the picture does not.
    assert float((ours - theirs).abs().mean()) * 255 < 0.9
    done, expected = (float((image - other).abs().mean()) * 255 for other in (ours, theirs))
    assert expected > 1.3
    assert abs(done / expected - 1) < 0.02


def test_jpeg_blocks_begin_where_the_offset_says() -> None:
    image, quality, halved = picture(1), torch.tensor([75.0]), torch.tensor([False])
    moved = compress(image, quality, halved, (5, 3))
    shifted = compress(torch.roll(image, (5, 3), (2, 3)), quality, halved)
    inner = slice(16, -16)
    torch.testing.assert_close(
        moved[..., inner, inner], torch.roll(shifted, (-5, -3), (2, 3))[..., inner, inner], atol=1.1 / 255, rtol=0
    )
    assert not torch.equal(moved, compress(image, quality, halved))


def test_a_sensor_without_faults_only_encodes_and_merges() -> None:
    views = to_linear(torch.cat([picture(2), picture(3)]))[None]
    images = record(views, NONE, np.random.default_rng(0), 0)
    torch.testing.assert_close(images[:, 1:], to_encoded(views), atol=1e-6, rtol=0)
    torch.testing.assert_close(images[:, 0], to_encoded(views.mean(dim=1)), atol=1e-6, rtol=0)
    assert torch.equal(process(images, NONE, np.random.default_rng(0)), images)


def test_noise_of_the_merged_image_is_shot_and_read_noise() -> None:
    electrons, level = 2000.0, 0.3
    settings = replace(NONE, noise=1.0, electrons=(electrons, electrons), read_noise=0.5001, mosaic=0.0)
    views = torch.full((1, 2, 3, 256, 256), level)
    merged = to_linear(record(views, settings, np.random.default_rng(0), 5)[0, 0])
    assert abs(float(merged.mean()) - level) < 2e-4
    assert abs(float(merged.var()) / (level / electrons + (0.5 / electrons) ** 2) - 1) < 0.03
    # A view counts half of the electrons.
    view = to_linear(record(views, settings, np.random.default_rng(0), 5)[0, 1])
    assert abs(float(view.var()) / (2 * level / electrons) - 1) < 0.03


def test_noise_through_a_mosaic_is_correlated_and_weaker_where_it_is_interpolated() -> None:
    settings = replace(NONE, noise=1.0, electrons=(2000.0, 2000.0), mosaic=1.0)
    merged = to_linear(record(torch.full((1, 2, 3, 256, 256), 0.3), settings, np.random.default_rng(0), 6)[0, 0])
    noise = merged - merged.mean(dim=(1, 2), keepdim=True)
    variance = noise.square().mean(dim=(1, 2))
    along = (noise[:, :, 1:] * noise[:, :, :-1]).mean(dim=(1, 2)) / variance
    assert (along > 0.2).all()
    assert (variance < 0.9 * 0.3 / 2000).all()
    # Green has twice as many sites.
    assert variance[1] > variance[0]


def test_sharpening_and_denoising_change_contrast_in_their_directions() -> None:
    images = picture(4)[None].repeat(1, 3, 1, 1, 1)

    def contrast(settings: Degradations) -> float:
        changed = process(images, settings, np.random.default_rng(0))
        return float((changed[..., 1:] - changed[..., :-1]).abs().mean())

    plain = contrast(NONE)
    assert contrast(replace(NONE, sharpening=1.0)) > 1.02 * plain
    assert contrast(replace(NONE, denoising=1.0)) < 0.98 * plain


def test_a_palette_leaves_so_many_colours_and_their_mean() -> None:
    image = picture(5)
    few = through_file(image, 16, 90)
    colours = torch.unique(few[0].flatten(1), dim=1).shape[1]
    assert 8 <= colours <= 16
    assert (few.mean(dim=(2, 3)) - image.mean(dim=(2, 3))).abs().max() < 0.01


def test_webp_is_close_to_the_picture_but_not_it() -> None:
    image = picture(6)
    error = float((through_file(image, 0, 90) - image).abs().mean()) * 255
    assert 0.5 < error < 8


def test_rounding_leaves_levels_of_8_bits() -> None:
    images = torch.rand(2, 3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    rounded = process(images, replace(NONE, rounding=1.0), np.random.default_rng(0))
    torch.testing.assert_close(rounded * 255, (rounded * 255).round(), atol=1e-4, rtol=0)
    assert (rounded - images).abs().max() <= 0.5 / 255 + 1e-6


def test_all_views_of_a_scene_are_compressed_alike_and_scenes_apart() -> None:
    images = picture(7)[None].repeat(6, 3, 1, 1, 1)
    changed = process(images, replace(NONE, jpeg=0.5), np.random.default_rng(1))
    for scene in changed:
        assert torch.equal(scene[0], scene[1])
        assert torch.equal(scene[0], scene[2])
    same = [torch.equal(scene[0], images[0, 0]) for scene in changed]
    assert any(same)
    assert not all(same)


def test_the_default_degradations_keep_patches_close_to_what_they_show() -> None:
    images = picture(8)[None].repeat(12, 3, 1, 1, 1)
    changed = process(images, Degradations(), np.random.default_rng(2))
    assert changed.min() >= 0
    assert changed.max() <= 1
    assert 0 < float((changed - images).square().mean().sqrt()) < 0.05
