"""A notebook's arrays and tensors: every kind goes through and comes back as itself, anything else is refused."""

import numpy as np
import pytest
import torch
from hypothesis import given as drawn
from hypothesis import strategies as st
from PIL import Image

from realdof.common.errors import InputError
from realdof.images.arrays import array_like, image_from_array

PIXELS = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
KINDS = {
    "uint8 array": PIXELS,
    "uint16 array": PIXELS.astype(np.uint16) * 257,
    "float32 array": PIXELS.astype(np.float32) / 255,
    "float64 array": PIXELS / 255,
    "float32 tensor": torch.from_numpy(PIXELS).permute(2, 0, 1) / 255,
    "uint8 tensor": torch.from_numpy(PIXELS).permute(2, 0, 1),
    "uint16 tensor": torch.from_numpy(PIXELS.astype(np.uint16) * 257).permute(2, 0, 1),
    "float16 tensor": (torch.from_numpy(PIXELS).permute(2, 0, 1) / 255).half(),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_becomes_the_same_image_and_comes_back_as_it_was(kind: str) -> None:
    given = KINDS[kind]
    image = image_from_array(given)
    assert (image.dtype, tuple(image.shape)) == (torch.float32, (3, 5, 7))
    torch.testing.assert_close(image, torch.from_numpy(PIXELS).permute(2, 0, 1) / 255, atol=3e-4, rtol=0)
    back = array_like(image, given)
    assert type(back) is type(given)
    assert (back.dtype, back.shape) == (given.dtype, given.shape)
    # An image is float32, whatever was given.
    assert float(abs(np.asarray(back, np.float64) - np.asarray(given, np.float64)).max()) < 1e-7


def test_the_array_that_was_given_is_not_changed() -> None:
    for given in KINDS.values():
        before = given.clone() if isinstance(given, torch.Tensor) else given.copy()
        image_from_array(given).zero_()
        assert bool((before == given).all()) or given.dtype == torch.float32


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (PIXELS[..., 0], "an array (5, 7) of uint8; give an (H, W, 3) array"),
        (np.moveaxis(PIXELS, 2, 0), "an array (3, 5, 7) of uint8"),
        (np.dstack([PIXELS, PIXELS[..., :1]]), "an array (5, 7, 4) of uint8"),
        (PIXELS.astype(np.int64), "an array (5, 7, 3) of int64"),
        (PIXELS > 3, "an array (5, 7, 3) of bool"),
        (PIXELS[:0], "an array (0, 7, 3) of uint8, which has no pixels"),
        (torch.zeros(1, 3, 5, 7), "a tensor (1, 3, 5, 7) of float32"),
        (torch.zeros(5, 7, 3), "a tensor (5, 7, 3) of float32"),
        (torch.zeros(3, 5, 7, dtype=torch.int32), "a tensor (3, 5, 7) of int32"),
        (PIXELS.astype(np.float32), "with values from 0 to 248; floating-point values lie in [0, 1]"),
        (np.full((5, 7, 3), -0.1), "with values from -0.1 to -0.1"),
        (np.full((5, 7, 3), np.nan), "with values that are not finite"),
        (Image.fromarray(PIXELS), "an Image; give"),
        ([[1, 2]], "a list; give"),
        ("photo.jpg", "a str; give"),
        (None, "a NoneType; give"),
    ],
)
def test_anything_else_is_refused_with_what_was_given(given: object, words: str) -> None:
    with pytest.raises(InputError) as told:
        image_from_array(given, "the target")
    assert str(told.value).startswith("the target is ")
    assert words in str(told.value)


def test_an_unclipped_output_may_overshoot_a_little_and_is_clipped_on_its_way_back() -> None:
    given = np.array([-0.2, 0.5, 1.3], np.float32).reshape(1, 1, 3)
    with pytest.raises(InputError, match=r"-0\.2 to 1\.3"):
        image_from_array(given)
    image = image_from_array(given, unclipped=True)
    assert image.flatten().tolist() == pytest.approx([-0.2, 0.5, 1.3])
    assert array_like(image, given).flatten().tolist() == [0, 0.5, 1]
    with pytest.raises(InputError, match="0 to 255"):
        image_from_array(PIXELS.astype(np.float32) * (255 / PIXELS.max()), unclipped=True)


@drawn(value=st.integers(0, 65535))
def test_16_bits_survive(value: int) -> None:
    given = np.full((1, 1, 3), value, np.uint16)
    assert array_like(image_from_array(given), given)[0, 0].tolist() == [value] * 3
