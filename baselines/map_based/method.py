"""Base class of the map-based methods: estimate sigma, then deconvolve level by level with a hyper-Laplacian prior.

This follows the evaluation in IFAN's comparison (Lee et al., CVPR 2021, Section 4.2), with the authors' data weight
for each data set.
"""

import time
from abc import abstractmethod
from functools import partial
from types import MappingProxyType

import torch
from torch import Tensor

from baselines.deconvolution import hyper_laplacian
from baselines.deconvolution.engine import deconvolve_fast
from benchmark.method import Context, Deblurred, Image, Method, Sample

ALPHA = 1.5
"""The prior's exponent in the authors' evaluation; the NIPS paper recommends 2/3."""

DATA_WEIGHTS = MappingProxyType({"cuhk": 420.0, "dpdd": 16.8, "realdof": 4.2})
"""The authors' lambda for each family of data sets."""

OTHER_DATA_WEIGHT = DATA_WEIGHTS["dpdd"]
"""Data weight for a data set that the authors did not evaluate."""


class MapBasedMethod(Method):
    """A method that deblurs with a defocus map; a subclass defines ``card`` and ``sigma_map``."""

    @abstractmethod
    def sigma_map(self, image: Image) -> Tensor:
        """Estimate the standard deviation of the blur, in pixels.

        Parameters
        ----------
        image
            float32 (3, H, W) in [0, 1], on the method's device.

        Returns
        -------
        Tensor
            float32 (H, W), at least 0, on the same device.
        """

    def deblur(self, sample: Sample, context: Context) -> Deblurred:
        """Estimate the map, then deconvolve with the authors' lambda for the data set's family, or DPDD's for others.

        The result's ``stages`` holds the seconds of both stages.
        """
        start = _now(sample.image)
        sigma = self.sigma_map(sample.image)
        mapped = _now(sample.image)
        solver = partial(
            hyper_laplacian.deconvolve, data_weight=DATA_WEIGHTS.get(context.family, OTHER_DATA_WEIGHT), alpha=ALPHA
        )
        result = deconvolve_fast(sample.image, sigma, solver)
        return Deblurred(result, stages={"map": mapped - start, "deconvolution": _now(sample.image) - mapped})


def eight_bit(map_: Tensor) -> Tensor:
    """Round a map in [0, 1] to 8 bits, as the authors' evaluation did by writing it to a file."""
    return map_.clamp(0, 1).mul(255).add(0.5).floor().div(255)


def _now(image: Tensor) -> float:
    if image.device.type != "cpu":
        torch.accelerator.synchronize(image.device)
    return time.perf_counter()
