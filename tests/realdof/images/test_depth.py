"""Between stored integers and floating point."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from realdof.images.depth import image_from_pixels, pixels_from_image, to_eight_bits


@given(st.sampled_from([np.uint8, np.uint16]).flatmap(lambda dtype: arrays(dtype, (5, 7, 3))))
@settings(max_examples=50, deadline=None)
def test_pixels_survive_the_way_through_an_image(pixels: np.ndarray) -> None:
    image = image_from_pixels(pixels)
    assert image.dtype == torch.float32
    assert image.shape == (3, 5, 7)
    assert np.array_equal(pixels_from_image(image, 8 * pixels.itemsize), pixels)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_stored_value_is_divided_in_float32_in_any_order_in_memory(dtype: type) -> None:
    levels = np.iinfo(dtype).max + 1
    stored = np.arange(3 * levels).astype(dtype).reshape(3, -1, 256)
    expected = stored.astype(np.float32) / np.float32(levels - 1)
    for pixels in (np.moveaxis(stored, 0, 2), np.ascontiguousarray(np.moveaxis(stored, 0, 2))):
        image = image_from_pixels(pixels)
        assert image.is_contiguous()
        assert np.array_equal(image.numpy(), expected)


def test_both_dual_pixel_views_are_one_image_of_six_planes() -> None:
    stored = np.arange(6, dtype=np.uint8) * np.ones((2, 3, 1), np.uint8)
    assert torch.equal(image_from_pixels(stored)[:, 1, 2], torch.arange(6) / 255)


def test_pixels_are_clipped_and_rounded_to_the_nearest() -> None:
    image = torch.tensor([-0.5, 1.5, 100.4 / 255]).reshape(3, 1, 1)
    assert pixels_from_image(image, 8).tolist() == [[[0, 255, 100]]]


def test_16_bits_are_reduced_by_a_shift_not_by_rounding() -> None:
    assert to_eight_bits(np.array([0x00FF, 0x0100, 0xFFFF], np.uint16)).tolist() == [0, 1, 255]
    assert to_eight_bits(np.array([7], np.uint8)).tolist() == [7]
