"""Area averaging."""

import numpy as np
import pytest

from realdof.images.resize import area_resize


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("channels", [(), (1,), (3,)])
def test_area_resize_by_a_whole_factor_is_the_mean_of_blocks(dtype: type, channels: tuple[int, ...]) -> None:
    values = np.random.default_rng(1).random((40, 52, *channels))
    values = (values * 255).astype(dtype)
    means = values.astype(np.float64).reshape(10, 4, 13, 4, *channels).mean(axis=(1, 3))
    resized = area_resize(values, 10, 13)
    assert resized.dtype == dtype
    assert np.abs(resized - means).max() <= (1e-4 if np.dtype(dtype).kind == "f" else 0.5)


def test_area_resize_by_a_fraction_keeps_the_mean_and_refuses_to_enlarge() -> None:
    values = np.random.default_rng(1).random((45, 70))
    assert area_resize(values, 20, 31).mean() == pytest.approx(values.mean(), abs=1e-6)
    with pytest.raises(ValueError, match="only shrinks"):
        area_resize(values, 46, 70)
