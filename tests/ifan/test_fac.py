"""Filter adaptive convolution against the same written out as loops in double precision."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ifan.fac import SquareLayout, filter_adaptive_convolution


@settings(max_examples=10, deadline=None)
@given(taps=st.sampled_from([1, 3, 5]), seed=st.integers(0, 2**16))
def test_fac_equals_plain_loops(taps: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    layout, height, width = SquareLayout(2, taps), 4, 5
    features = random.standard_normal((2, height, width))
    filter_map = random.standard_normal((layout.map_channels, height, width))
    expected = np.zeros_like(features)
    for c, y, x, i, j in np.ndindex(2, height, width, taps, taps):
        row, column = np.clip(y + i - taps // 2, 0, height - 1), np.clip(x + j - taps // 2, 0, width - 1)
        expected[c, y, x] += features[c, row, column] * filter_map[c * taps**2 + i * taps + j, y, x]
    result = filter_adaptive_convolution(torch.from_numpy(features)[None], torch.from_numpy(filter_map)[None], layout)
    np.testing.assert_allclose(result[0].numpy(), expected, rtol=0, atol=1e-10)


def test_gradients_of_fac_are_right() -> None:
    layout = SquareLayout(2, 3)
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(1, 2, 3, 4, dtype=torch.float64, generator=generator, requires_grad=True)
    filters = torch.randn(1, layout.map_channels, 3, 4, dtype=torch.float64, generator=generator, requires_grad=True)
    assert torch.autograd.gradcheck(lambda a, b: filter_adaptive_convolution(a, b, layout), (features, filters))


def test_the_papers_filters_are_11_by_11_for_each_of_128_channels() -> None:
    assert SquareLayout(128).map_channels == 15_488
