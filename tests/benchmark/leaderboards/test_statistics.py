"""Intervals cover the true mean as often as they say, and paired tests find what is there and nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchmark.leaderboards import statistics
from benchmark.leaderboards.statistics import compare_paired, mean_interval, mean_intervals, resampled_means

scores = st.lists(st.floats(-50, 50, allow_subnormal=False), min_size=2, max_size=40).map(np.array)


def test_the_interval_is_that_of_scipys_percentile_bootstrap() -> None:
    values = np.random.default_rng(1).normal(25, 3, 76)
    ours = mean_interval(values)
    theirs = stats.bootstrap((values,), np.mean, n_resamples=20000, method="percentile", rng=2).confidence_interval
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.05)


def test_95_percent_intervals_cover_the_mean_in_about_95_percent_of_data_sets() -> None:
    random = np.random.default_rng(3)
    data_sets = random.normal(25, 3, (76, 400))
    covered = sum(interval.low <= 25 <= interval.high for interval in mean_intervals(data_sets, resamples=1000))
    assert 0.91 < covered / 400 < 0.98


@given(scores)
@settings(deadline=None, max_examples=50)
def test_the_mean_lies_in_its_interval_and_the_interval_among_the_values(values: np.ndarray) -> None:
    interval = mean_interval(values, resamples=500)
    tolerance = 1e-9
    assert values.min() - tolerance <= interval.low <= interval.high <= values.max() + tolerance
    assert interval.mean == pytest.approx(values.mean())


def test_large_data_sets_are_resampled_in_blocks_with_the_same_law() -> None:
    values = np.random.default_rng(4).normal(0, 1, (5000, 1))
    means = resampled_means(values, 1000)
    assert means.shape == (1000, 1)
    assert means.std() == pytest.approx(values.std() / np.sqrt(5000), rel=0.15)
    assert means.mean() == pytest.approx(values.mean(), abs=0.003)


def test_runs_on_the_same_thousands_of_images_share_one_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    statistics._cached_blocks.cache_clear()
    values = np.random.default_rng(3).normal(25, 2, (2000, 2))
    first = resampled_means(values, 1500)
    monkeypatch.setattr(statistics, "_blocks", None)
    assert (resampled_means(values, 1500) == first).all()
    monkeypatch.undo()
    monkeypatch.setattr(statistics, "_LARGEST_CACHED", 0)
    assert (resampled_means(values, 1500) == first).all()


def test_no_interval_without_spread_or_with_an_infinite_value() -> None:
    assert np.isnan(mean_interval(np.array([3.0])).low)
    assert np.isnan(mean_interval(np.array([3.0, np.inf])).high)
    assert mean_interval(np.array([3.0, np.inf])).mean == np.inf
    with pytest.raises(ValueError, match="no value"):
        mean_interval(np.array([]))


def test_a_steady_gain_is_significant_however_much_the_images_differ() -> None:
    random = np.random.default_rng(5)
    base = random.normal(25, 4, 50)
    gain = random.normal(0.3, 0.1, 50)
    found = compare_paired(base + gain, base, lower_is_better=False)
    assert found.difference.low > 0.2
    assert found.wilcoxon_p < 1e-6
    assert found.bootstrap_p <= 1e-3
    assert found.wins > 45
    # Unpaired, the same gain drowns.
    assert stats.mannwhitneyu(base + gain, base).pvalue > 0.3


def test_no_gain_is_not_significant_more_often_than_it_should() -> None:
    random = np.random.default_rng(6)
    values = [compare_paired(*random.normal(25, 1, (2, 40)), lower_is_better=False, resamples=500) for _ in range(200)]
    for name in ("wilcoxon_p", "bootstrap_p"):
        assert np.mean([getattr(value, name) < 0.05 for value in values]) < 0.11


def test_the_signed_rank_test_is_scipys() -> None:
    a, b = np.random.default_rng(7).normal(0, 1, (2, 30))
    assert compare_paired(a, b, lower_is_better=False).wilcoxon_p == stats.wilcoxon(a, b).pvalue


@given(scores)
@settings(deadline=None, max_examples=50)
def test_swapping_the_methods_swaps_wins_and_losses_and_keeps_the_p_values(a: np.ndarray) -> None:
    b = np.random.default_rng(8).permutation(a)
    there, back = (compare_paired(*pair, lower_is_better=True, resamples=200) for pair in ((a, b), (b, a)))
    assert (there.wins, there.losses, there.ties) == (back.losses, back.wins, back.ties)
    assert there.wilcoxon_p == pytest.approx(back.wilcoxon_p)
    assert there.bootstrap_p == pytest.approx(back.bootstrap_p)
    assert there.wins + there.losses + there.ties == there.images


@pytest.mark.parametrize("rounding", [1e-38, -1e-38, 4e-15])
def test_a_difference_that_is_rounding_is_none_whatever_its_sign(rounding: float) -> None:
    a = np.array([0.0, 0.5, 0.25])
    found = compare_paired(a + rounding, a, lower_is_better=True)
    assert (found.ties, found.wilcoxon_p, found.bootstrap_p) == (3, 1.0, 1.0)
    mixed = compare_paired(np.append(a, 30.0) + rounding, np.append(a, 29.0), lower_is_better=False)
    assert mixed.wilcoxon_p == compare_paired(np.append(a, 30.0), np.append(a, 29.0), lower_is_better=False).wilcoxon_p


def test_lower_is_better_turns_the_verdict_of_each_image() -> None:
    a, b = np.array([1.0, 2.0, 3.0]), np.array([2.0, 1.0, 3.0]) + np.array([0, 0, 1])
    assert compare_paired(a, b, lower_is_better=True).wins == 2
    assert compare_paired(a, b, lower_is_better=False).wins == 1


def test_equal_methods_are_equal() -> None:
    a = np.array([1.0, 2.0])
    found = compare_paired(a, a, lower_is_better=False)
    assert (found.wilcoxon_p, found.bootstrap_p, found.ties) == (1.0, 1.0, 2)


@pytest.mark.parametrize(("a", "b"), [([1.0], [1.0, 2.0]), ([], []), ([np.inf], [1.0]), ([1.0], [np.nan])])
def test_scores_that_cannot_be_paired_are_refused(a: list[float], b: list[float]) -> None:
    with pytest.raises(ValueError, match="finite and of one length"):
        compare_paired(np.array(a), np.array(b), lower_is_better=False)
