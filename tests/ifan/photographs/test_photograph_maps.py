"""Pictures of the maps lie on the photograph and use their colours."""

import numpy as np

from ifan.photographs.maps import BEFORE, BEHIND, NONE, picture_of_disparity, picture_of_filters

MIDDLES = (20, 44, 68)
"""px from the left, in the middle of each value."""


def map_with(*values: float) -> np.ndarray:
    """A map with three columns of cells for each value, and cells around it that say nothing."""
    inner = np.repeat(np.array([values], np.float32), 20, axis=0).repeat(3, axis=1)
    return np.pad(inner, 1, constant_values=99.0)


def test_the_disparity_of_each_side_has_its_colour_and_none_is_nearly_white() -> None:
    picture = picture_of_disparity(map_with(-2.0, 0.0, 2.0), 170, 85)
    assert picture.shape == (170, 85, 3)
    for column, colour in zip(MIDDLES, (BEHIND, NONE, BEFORE), strict=True):
        assert np.abs(picture[85, column].astype(int) - colour).max() <= 3, column


def test_cells_at_the_border_take_no_colours_from_the_others() -> None:
    picture = picture_of_disparity(map_with(-2.0, 0.0, 2.0), 176, 88)
    assert np.abs(picture[0, MIDDLES[0]].astype(int) - BEHIND).max() <= 3
    assert np.abs(picture[85, 0].astype(int) - BEHIND).max() <= 3


def test_filters_that_change_more_are_brighter_and_the_most_is_yellow() -> None:
    picture = picture_of_filters(map_with(0.1, 0.2, 0.4), 176, 88).astype(int)
    little, more, most = (picture[85, column] for column in MIDDLES)
    assert little.sum() < more.sum() < most.sum()
    assert most.tolist() == [253, 231, 37]
