"""Iterative adaptive convolution against Equation 1 written out as loops in double precision."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ifan.iac import FilterLayout, apply_separable, iterative_adaptive_convolution


def looped(features: np.ndarray, filter_map: np.ndarray, layout: FilterLayout, shared: bool, last: bool) -> np.ndarray:
    """Equation 1, one pixel and channel at a time; features (c, h, w), filter_map (C, h, w)."""
    channels, height, width = features.shape
    k, reach = layout.taps, layout.taps // 2
    current = features.copy()
    for n in range(layout.sets):
        start = 2 * n * channels * k
        for direction in (0, 1):
            offset = start if direction == 0 or shared else start + channels * k
            result = np.zeros_like(current)
            for c in range(channels):
                for y in range(height):
                    for x in range(width):
                        for tap in range(k):
                            step = tap - reach
                            row = min(max(y + step, 0), height - 1) if direction == 0 else y
                            column = min(max(x + step, 0), width - 1) if direction == 1 else x
                            result[c, y, x] += current[c, row, column] * filter_map[offset + c * k + tap, y, x]
            current = result
        bias = 2 * layout.sets * channels * k + n * channels
        current = current + filter_map[bias : bias + channels]
        if last or n < layout.sets - 1:
            current = np.where(current > 0, current, 0.1 * current)
    return current


@settings(max_examples=15, deadline=None)
@given(
    sets=st.integers(1, 3), taps=st.sampled_from([1, 3, 5]), shared=st.booleans(), last=st.booleans(),
    seed=st.integers(0, 2**16),
)  # fmt: skip
def test_iac_equals_equation_1_in_plain_loops(sets: int, taps: int, shared: bool, last: bool, seed: int) -> None:
    random = np.random.default_rng(seed)
    layout = FilterLayout(sets, 2, taps)
    features = random.standard_normal((2, 4, 5))
    filter_map = random.standard_normal((layout.map_channels, 4, 5))
    result = iterative_adaptive_convolution(
        torch.from_numpy(features)[None],
        torch.from_numpy(filter_map)[None],
        layout,
        shared_taps=shared,
        last_activation=last,
    )
    np.testing.assert_allclose(
        result[0].numpy(), looped(features, filter_map, layout, shared, last), rtol=0, atol=1e-10
    )


@pytest.mark.parametrize("shared", [False, True])
def test_gradients_of_iac_are_right(shared: bool) -> None:
    layout = FilterLayout(2, 2)
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(1, 2, 3, 4, dtype=torch.float64, generator=generator, requires_grad=True)
    filters = torch.randn(1, layout.map_channels, 3, 4, dtype=torch.float64, generator=generator, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda a, b: iterative_adaptive_convolution(a, b, layout, shared_taps=shared), (features, filters)
    )


def test_filter_map_has_the_papers_number_of_channels() -> None:
    assert FilterLayout(17, 128).map_channels == 15_232  # Table 7
    assert FilterLayout(17, 3).map_channels == 357


def test_every_channel_of_the_filter_map_has_one_use() -> None:
    layout = FilterLayout(3, 4)
    used = [
        c
        for n in range(3)
        for part in (layout.vertical(n), layout.horizontal(n), layout.bias(n))
        for c in range(part.start, part.stop)
    ]
    assert sorted(used) == list(range(layout.map_channels))


def test_a_filter_of_one_centre_tap_changes_nothing() -> None:
    features = torch.randn(1, 2, 5, 6)
    filters = torch.zeros(1, 6, 5, 6)
    filters[:, 1::3] = 1
    for dim in (2, 3):
        assert torch.equal(apply_separable(features, filters, dim), features)
