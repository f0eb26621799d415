"""Two photographs of different sharpness are blurred alike before they are aligned."""

import cv2
import numpy as np
import pytest
from small_pairs import pair

from realdof.alignment.pyramid import LumaPair
from realdof.alignment.sharpness import equally_sharp
from realdof.images.colour import luma


def pair_of(reference: np.ndarray, moving: np.ndarray) -> LumaPair:
    none = np.zeros(reference.shape, bool)
    return LumaPair(reference, moving, none, none)


@pytest.mark.parametrize("sigma", [0.8, 1.3, 2.9])
@pytest.mark.parametrize("sharper", ["reference", "moving"])
def test_the_sharper_photograph_gets_the_blur_of_the_other_to_a_tenth_and_the_other_none(
    sigma: float, sharper: str
) -> None:
    sharp = luma(pair(3).reference)
    blurred = np.asarray(cv2.GaussianBlur(sharp, (0, 0), sigma))
    given = (sharp, blurred) if sharper == "reference" else (blurred, sharp)
    found = equally_sharp(pair_of(*given), np.eye(3))
    results = (found.reference, found.moving) if sharper == "reference" else (found.moving, found.reference)
    inner = slice(32, -32), slice(32, -32)
    np.testing.assert_allclose(results[1][inner], blurred[inner], atol=1e-5)
    off = np.abs(results[0] - blurred)[inner].max()
    bounds = [np.abs(cv2.GaussianBlur(sharp, (0, 0), sigma * factor) - blurred)[inner].max() for factor in (0.9, 1.1)]
    assert off < max(bounds)


def test_equally_sharp_photographs_are_left_as_they_are() -> None:
    image = luma(pair(3).reference)
    found = equally_sharp(pair_of(image, image), np.eye(3))
    np.testing.assert_array_equal(found.reference, image)
    np.testing.assert_array_equal(found.moving, image)
