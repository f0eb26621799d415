"""Bootstrap intervals of means, and paired tests of two methods on the same images.

A data set's images are the sample; an interval says how much the mean would vary over other such images.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

RESAMPLES = 5000
CONFIDENCE = 0.95
SEED = 0
_LARGEST_BLOCK = 2**21
"""Numbers of one block of resamples, so that large data sets need no more memory than small ones."""
_LARGEST_CACHED = 2**26
"""Numbers of all blocks that are kept for the next run, two bytes each: 13,000 images with the default resamples."""


@dataclass(frozen=True)
class Interval:
    """A mean and its bootstrap interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class PairedComparison:
    """The comparison of method A with method B on the same images.

    Attributes
    ----------
    images
        Number of images.
    mean_a, mean_b
        Means over all images.
    difference
        Mean of A minus B with its bootstrap interval; images are resampled in pairs.
    wins, losses, ties
        Number of images on which A is better, worse, and equal.
    wilcoxon_p
        Two-sided p-value of the signed-rank test that the differences are symmetric about zero.
    bootstrap_p
        Two-sided p-value: twice the share of resamples whose mean difference has the other sign, at least
        1 / resamples.
    """

    images: int
    mean_a: float
    mean_b: float
    difference: Interval
    wins: int
    losses: int
    ties: int
    wilcoxon_p: float
    bootstrap_p: float


NOTHING = PairedComparison(0, math.nan, math.nan, Interval(math.nan, math.nan, math.nan), 0, 0, 0, math.nan, math.nan)
"""The comparison over no images."""


def mean_interval(values: np.ndarray, *, confidence: float = CONFIDENCE, resamples: int = RESAMPLES) -> Interval:
    """Return the mean and its percentile bootstrap interval (Efron, 1979).

    Parameters
    ----------
    values
        float64 (n,), one per image.

    Returns
    -------
    Interval
        The bounds are NaN for fewer than two images, or if a value is infinite.

    Raises
    ------
    ValueError
        There are no values.
    """
    return mean_intervals(np.asarray(values, np.float64)[:, None], confidence=confidence, resamples=resamples)[0]


def mean_intervals(values: np.ndarray, *, confidence: float = CONFIDENCE, resamples: int = RESAMPLES) -> list[Interval]:
    """Return the ``mean_interval`` of every column of float64 (n, k), over the same resamples."""
    if len(values) == 0:
        raise ValueError("there is no value to average")
    finite = np.isfinite(values).all(axis=0)
    means = values.mean(axis=0)
    if len(values) < 2:
        return [Interval(float(mean), np.nan, np.nan) for mean in means]
    resampled = resampled_means(np.where(finite, values, 0.0), resamples)
    tail = 100 * (1 - confidence) / 2
    low, high = np.percentile(resampled, [tail, 100 - tail], axis=0)
    bounds = zip(means, np.where(finite, low, np.nan), np.where(finite, high, np.nan), strict=True)
    return [Interval(float(mean), float(lower), float(upper)) for mean, lower, upper in bounds]


def intervals_by_name(scores: Mapping[str, Sequence[float]]) -> dict[str, Interval]:
    """Return the ``mean_interval`` of each metric's scores, one per image, over the same resamples."""
    if not scores:
        return {}
    values = np.ascontiguousarray(np.array(list(scores.values()), np.float64).T)
    return dict(zip(scores, mean_intervals(values), strict=True))


_SMALLEST_DIFFERENCE = 1e-12
"""Smallest difference of two scores that counts; less is rounding, and a p-value would depend on its sign."""


def compare_paired(
    a: np.ndarray, b: np.ndarray, *, lower_is_better: bool, confidence: float = CONFIDENCE, resamples: int = RESAMPLES
) -> PairedComparison:
    """Compare two methods by their scores on the same images.

    Parameters
    ----------
    a, b
        float64 (n,), finite, in the same order of images.
    lower_is_better
        Whether lower values of the metric are better.

    Raises
    ------
    ValueError
        The lengths differ, there are no values, or some are not finite.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.shape != b.shape or a.size == 0 or not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError(f"paired scores must be finite and of one length, not {a.shape} and {b.shape}")
    difference = np.where(np.abs(a - b) < _SMALLEST_DIFFERENCE, 0.0, a - b)
    better = -difference if lower_is_better else difference
    return PairedComparison(
        images=a.size,
        mean_a=float(a.mean()),
        mean_b=float(b.mean()),
        difference=mean_interval(difference, confidence=confidence, resamples=resamples),
        wins=int((better > 0).sum()),
        losses=int((better < 0).sum()),
        ties=int((better == 0).sum()),
        wilcoxon_p=_wilcoxon(difference),
        bootstrap_p=_sign_p(difference, resamples),
    )


def resampled_means(values: np.ndarray, resamples: int) -> np.ndarray:
    """Return means over images drawn with replacement, the same images for every column.

    Parameters
    ----------
    values
        float64 (n, k), finite.

    Returns
    -------
    ndarray
        float64 (resamples, k).
    """
    count = len(values)
    blocks = _cached_blocks if count * resamples <= _LARGEST_CACHED else _blocks
    return np.concatenate([drawn.astype(np.float64) @ values / count for drawn in blocks(count, resamples)])


@lru_cache(maxsize=1)
def _cached_blocks(count: int, resamples: int) -> tuple[np.ndarray, ...]:
    """All blocks of `_blocks`: a table's runs cover the same images, so each would draw the same ones again."""
    return tuple(_blocks(count, resamples))


def _blocks(count: int, resamples: int) -> Iterator[np.ndarray]:
    """Yield how often each image is drawn in each resample, uint16 (resamples of the block, count)."""
    random = np.random.default_rng(SEED)
    block = max(1, _LARGEST_BLOCK // count)
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        drawn = random.integers(count, size=(size, count))
        places = (drawn + count * np.arange(size)[:, None]).ravel()
        # An image is drawn once on average; 65,536 times would take a set of as many images.
        yield np.bincount(places, minlength=size * count).reshape(size, count).astype(np.uint16)


def _wilcoxon(difference: np.ndarray) -> float:
    from scipy import stats

    # Without any difference the test has nothing to rank, and there is no evidence against equality.
    return float(stats.wilcoxon(difference).pvalue) if np.any(difference) else 1.0


def _sign_p(difference: np.ndarray, resamples: int) -> float:
    means = resampled_means(difference[:, None], resamples)[:, 0]
    other = min(float(np.mean(means <= 0)), float(np.mean(means >= 0)))
    return min(1.0, max(2 * other, 1 / resamples))
