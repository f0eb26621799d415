"""The interface of a metric: a card, and a function that computes a number from the images that the card names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np

from benchmark.metrics.card import MetricCard, Need

if TYPE_CHECKING:
    from torch import Tensor

    from benchmark.method import Image

__all__ = ["Metric", "MetricCard", "MetricInputs", "check_sizes", "metric", "pixel_arrays", "score_by"]


class Metric(Protocol):
    """A metric as the registry returns it.

    An entry point of ``ifan_bench.metrics`` names a class with a card and a constructor without arguments, or a
    function with the decorator `metric`.
    """

    card: MetricCard

    def __call__(self, *images: Any, **named: Any) -> float:
        """Measure one image, given the inputs that the card needs.

        Parameters
        ----------
        output, target, input
            float32 (3, H, W), RGB, in [0, 1], of one size; a protocol may give the target in float64, and an
            unclipped output.
        blur_map
            float32 (h, w), a value for each block of 32 px: standard deviation in px of the Gaussian that blurs the
            all-in-focus image as the input is blurred; NaN where the scene has no texture.

        Returns
        -------
        float
            The score. A metric that is averaged `OverPixels` or as `ShareHarmed` instead returns a mapping of scores
            by name.

        Raises
        ------
        ValueError
            The sizes differ, or are too small for the metric.
        """


def metric(card: MetricCard) -> Callable[[Callable[..., float]], Metric]:
    """Decorate a function with a card, which makes it a metric."""

    def described(function: Callable[..., float]) -> Metric:
        function.card = card  # type: ignore[attr-defined]
        return cast(Metric, function)

    return described


class MetricInputs:
    """The images that metrics may need; the blur map is computed on first use.

    Parameters
    ----------
    output, target, input
        (3, H, W) in [0, 1], of one size; None for an image that does not exist.
    """

    def __init__(self, output: Image, target: Image | None, input: Image | None) -> None:
        self.output, self.target, self.input = output, target, input

    @cached_property
    def blur_map(self) -> Tensor | None:
        """The input's blur map, as described in `Metric`; None without input or target."""
        if self.target is None or self.input is None:
            return None
        import torch

        # Imported here: its Fourier transforms are slow to import, and few metrics need them.
        from realdof.matching.blur import blur_map

        defocused, truth = (np.ascontiguousarray(one.permute(1, 2, 0).numpy()) for one in (self.input, self.target))
        return torch.from_numpy(np.asarray(blur_map(defocused, truth).sigma, np.float32))

    def get(self, need: Need) -> Any:
        """Return the input that a card calls ``need``; None if it does not exist."""
        return getattr(self, _keyword(need))


def score_by(metrics: Mapping[str, Metric], images: MetricInputs) -> dict[str, float]:
    """Measure all metrics that these images allow.

    Parameters
    ----------
    metrics
        Metrics by score name.

    Returns
    -------
    dict
        Values by score name; a metric that needs a missing image, such as the all-in-focus image, is left out.
    """
    scores: dict[str, float] = {}
    for name, measure in metrics.items():
        given = {_keyword(need): images.get(need) for need in sorted(measure.card.needs)}
        if any(value is None for value in given.values()):
            continue
        found: Any = measure(**given)
        scores |= {key: float(value) for key, value in found.items()} if isinstance(found, Mapping) else {name: found}
    return scores


def pixel_arrays(output: Image, target: Image) -> tuple[np.ndarray, np.ndarray]:
    """Convert two images to contiguous arrays (3, H, W) of one type for OpenCV: float64 if either is, else float32.

    Raises
    ------
    ValueError
        They are not (3, H, W) or differ in size.
    """
    import torch

    check_sizes(output, target, smallest=1)
    dtype = np.float64 if torch.float64 in (output.dtype, target.dtype) else np.float32
    first, second = (np.ascontiguousarray(image.detach().cpu().numpy(), dtype) for image in (output, target))
    return first, second


def check_sizes(output: Image, target: Image, smallest: int) -> None:
    """Check that images are (3, H, W), of one size, and at least ``smallest`` px high and wide.

    Raises
    ------
    ValueError
        One of these does not hold.
    """
    if output.shape != target.shape:
        raise ValueError(f"the output is {tuple(output.shape)}, the all-in-focus image {tuple(target.shape)}")
    if output.ndim != 3 or output.shape[0] != 3 or min(output.shape[1:]) < smallest:
        raise ValueError(
            f"images are {tuple(output.shape)}; they must be tensors (3, H, W), at least {smallest} px; "
            "benchmark.score takes arrays (H, W, 3)"
        )


def _keyword(need: Need) -> str:
    return need.replace(" ", "_")
