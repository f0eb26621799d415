"""What a metric is to the harness: a card that describes it and a function from two images to a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from benchmark.method import Image


@dataclass(frozen=True)
class MetricCard:
    """What a table needs to know of a metric.

    Parameters
    ----------
    name
        The word on the command line and in results.
    title
        The heading in tables.
    lower_is_better
        Which way to rank.
    decimals
        Digits after the point in tables.
    unit
        Empty for a metric without one.
    range
        Smallest and largest value for images in [0, 1].
    source
        Where it is defined.
    """

    name: str
    title: str
    lower_is_better: bool
    decimals: int
    unit: str
    range: tuple[float, float]
    source: str


class Metric(Protocol):
    """What an entry point of ``ifan_bench.metrics`` makes when it is called without arguments."""

    card: MetricCard

    def __call__(self, output: Image, target: Image) -> float:
        """Measure how far an output is from the all-in-focus image.

        Parameters
        ----------
        output, target
            float32 (3, H, W), RGB, in [0, 1], of one size.

        Raises
        ------
        ValueError
            The sizes differ, or are too small for the metric.
        """


def pixel_arrays(output: Image, target: Image) -> tuple[np.ndarray, np.ndarray]:
    """Two images as contiguous arrays (3, H, W) of one type, for OpenCV: float64 if either is, else float32.

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
    """Refuse images that are not (3, H, W), differ in size, or are under ``smallest`` px high or wide.

    Raises
    ------
    ValueError
        One of the three.
    """
    if output.shape != target.shape:
        raise ValueError(f"the output is {tuple(output.shape)}, the all-in-focus image {tuple(target.shape)}")
    if output.ndim != 3 or output.shape[0] != 3 or min(output.shape[1:]) < smallest:
        raise ValueError(f"images are {tuple(output.shape)}; they must be (3, H, W), at least {smallest} px")
