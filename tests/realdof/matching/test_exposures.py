"""What `match_exposure` takes: images of one size in [0, 1], 8 or 16 bits, and a mask of that size."""

import numpy as np
import pytest

from realdof.matching.exposures import match_exposure

IMAGE = np.random.default_rng(0).integers(40, 200, (64, 80, 3), np.uint8)


@pytest.mark.parametrize("image", [IMAGE[..., 0], IMAGE[..., :2], IMAGE.astype(np.int32), IMAGE > 100])
@pytest.mark.parametrize("turned", [False, True])
def test_an_array_of_another_kind_is_refused(image: np.ndarray, turned: bool) -> None:
    with pytest.raises(ValueError, match=r"an image must be uint8, uint16 or floating point \(H, W, 3\), not"):
        match_exposure(*((image, IMAGE) if turned else (IMAGE, image)))


@pytest.mark.parametrize("value", [-0.1, 1.1, np.nan])
def test_floating_point_beyond_black_and_white_is_refused(value: float) -> None:
    image = IMAGE / 255
    image[3, 4, 1] = value
    with pytest.raises(ValueError, match=r"floating point must lie in \[0, 1\], not from"):
        match_exposure(IMAGE, image)


def test_other_sizes_of_images_or_mask_are_told() -> None:
    with pytest.raises(ValueError, match=r"of one size, not \[\(64, 80\), \(64, 79\)\]"):
        match_exposure(IMAGE, IMAGE[:, 1:])
    with pytest.raises(ValueError, match=r"of one size, not \[\(64, 80\), \(64, 80\), \(63, 80\)\]"):
        match_exposure(IMAGE, IMAGE, np.ones((63, 80), bool))
