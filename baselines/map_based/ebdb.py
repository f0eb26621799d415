"""The method `ebdb`: estimate the blur at edges by re-blurring them at a scale chosen for each edge."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from skimage.feature import canny
from torch import Tensor

from baselines.map_based.cards import EBDB_CARD
from baselines.map_based.method import MapBasedMethod, eight_bit
from baselines.map_based.propagation import propagate
from baselines.map_based.sigma import gradient
from benchmark.method import Image
from realdof.alignment.detail import noise_level

# Pairs of standard deviations in pixels of the Gaussians under which gradients are computed, finest first. A fine pair
# is little affected by neighbouring edges, a coarse pair by noise.
_SCALES = ((0.7, 1.0), (1.0, 1.5), (1.5, 2.25), (2.0, 3.0))

# An edge uses the finest pair whose gradient is at least this many times the gradient of the noise.
_ABOVE_NOISE = 20.0

# A central difference is a derivative averaged over a box of two pixels, whose variance this is.
_DIFFERENCE_VARIANCE = 1 / 3

_CANNY_DEVIATION = 1.0
_CANNY_LOW, _CANNY_HIGH = 0.02, 0.06

# Number of averaging steps along an edge, each over neighbouring pixels; and the colour difference they tolerate.
_STEPS = 12
_COLOUR_RANGE = 0.1

# An edge counts if the next coarser pair gives the same blur within this share; otherwise other edges are too near.
_AGREEMENT = 0.3

_LARGEST = 5.0
"""The method's maps are sigma / 5 (Lee et al., CVPR 2021: sigma is 5 s)."""


@dataclass(frozen=True)
class EdgeBlur:
    """The blur at the edges of an image.

    Parameters
    ----------
    mask
        Edge pixels whose blur can be estimated, bool (H, W).
    sigma
        The blur there in pixels, float32 (H, W); zero elsewhere.
    confidence
        The gradient's energy there, float32 (H, W); zero elsewhere.
    """

    mask: NDArray[np.bool_]
    sigma: NDArray[np.float32]
    confidence: NDArray[np.float32]


def estimate_sigma(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Estimate the standard deviation of the Gaussian blur at every pixel.

    Parameters
    ----------
    image
        float32 (H, W, 3), RGB, sRGB-encoded, [0, 1].

    Returns
    -------
    ndarray
        sigma in pixels, float32 (H, W) in [0, 5]; zero everywhere if the image has no edge.

    References
    ----------
    Karaali and Jung, "Edge-Based Defocus Blur Estimation With Adaptive Scale Selection", TIP 2018: edges, ratio of
    gradients before and after a second blur at an adaptive scale, filtering along connected edges, propagation.
    Written from that outline; the rule that chooses the scale (from the noise), the filter's weights and the
    propagation (``propagate``) are ours.
    """
    edges = blur_at_edges(image)
    grey = image.mean(axis=2, dtype=np.float32)
    if not edges.mask.any():
        return np.zeros_like(grey)
    return propagate(edges.confidence, edges.sigma, grey)


def blur_at_edges(image: NDArray[np.float32]) -> EdgeBlur:
    """Estimate the blur where the image has edges; see ``estimate_sigma``."""
    grey = image.mean(axis=2, dtype=np.float32)
    edges: NDArray[np.bool_] = canny(grey, _CANNY_DEVIATION, _CANNY_LOW, _CANNY_HIGH)
    neighbours = _connections(image, edges)
    noise = max(noise_level(grey), _QUANTISATION)
    energies = {
        deviation: _along_edges(neighbours, gradient(grey, deviation)[edges].astype(np.float64) ** 2)
        - _noise_energy(noise, deviation)
        for deviation in {deviation for pair in _SCALES for deviation in pair}
    }
    estimates = np.stack([_sigma_of(energies, *pair) for pair in _SCALES])
    chosen = _finest_above_noise(energies, noise)
    column = np.arange(estimates.shape[1])
    found, coarser = estimates[chosen, column], estimates[chosen + 1, column]
    told = (found > 0) & (found < _LARGEST) & (np.abs(coarser - found) <= _AGREEMENT * found)
    mask, sigma, confidence = np.zeros_like(edges), np.zeros_like(grey), np.zeros_like(grey)
    mask[edges] = told
    sigma[edges] = found * told
    confidence[edges] = energies[_SCALES[0][0]] * told
    return EdgeBlur(mask, sigma, confidence)


# Noise of rounding to 8 bits, in the mean of three channels; files with more bits have more noise than this anyway.
_QUANTISATION = 1 / 255 / np.sqrt(12 * 3)


def _connections(image: NDArray[np.float32], edges: NDArray[np.bool_]) -> sparse.csr_array:
    """Return the colour similarity of edge pixels, (N, N): 1 on the diagonal, 0 for pixels that do not touch."""
    height, width = edges.shape
    count = int(edges.sum())
    index = np.full((height + 2, width + 2), -1)
    index[1:-1, 1:-1][edges] = np.arange(count)
    colour = cv2.GaussianBlur(image, (0, 0), 1.0)[edges]
    rows, columns = [np.arange(count)], [np.arange(count)]
    for down, right in ((0, 1), (1, -1), (1, 0), (1, 1)):
        here = index[1:-1, 1:-1][edges]
        there = index[1 + down : height + 1 + down, 1 + right : width + 1 + right][edges]
        here, there = here[there >= 0], there[there >= 0]
        rows += [here, there]
        columns += [there, here]
    row, column = np.concatenate(rows), np.concatenate(columns)
    distance = np.abs(colour[row] - colour[column]).mean(axis=1, dtype=np.float64)
    return sparse.csr_array((np.exp(-distance / _COLOUR_RANGE), (row, column)), shape=(count, count))


def _along_edges(neighbours: sparse.csr_array, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average values (N,) along connected edges only."""
    weights = neighbours @ np.ones_like(values)
    for _ in range(_STEPS):
        values = (neighbours @ values) / weights
    return values


def _sigma_of(energies: dict[float, NDArray[np.float64]], first: float, second: float) -> NDArray[np.float64]:
    """Return the blur from the ratio of gradient energies at two scales, without the gradient filter's own blur."""
    excess = energies[first] / np.maximum(energies[second], 1e-12) - 1
    whole = (second**2 - first**2) / np.maximum(excess, 1e-6)
    sigma: NDArray[np.float64] = np.sqrt(np.maximum(whole - first**2 - _DIFFERENCE_VARIANCE, 0))
    return sigma


def _finest_above_noise(energies: dict[float, NDArray[np.float64]], noise: float) -> NDArray[np.int64]:
    """Return the index of each edge's pair, at most the last but one, because the last pair only confirms."""
    chosen = np.full(len(energies[_SCALES[0][0]]), len(_SCALES) - 2)
    for place in reversed(range(len(_SCALES) - 1)):
        deviation = _SCALES[place][0]
        chosen[energies[deviation] > _ABOVE_NOISE**2 * _noise_energy(noise, deviation)] = place
    return chosen


def _noise_energy(noise: float, deviation: float) -> float:
    """Return the mean squared gradient magnitude of white noise under a Gaussian."""
    return noise**2 / (4 * np.pi * deviation**4)


class EBDB(MapBasedMethod):
    """The method EBDB: estimate the blur at edges, spread it over the image, deconvolve."""

    card = EBDB_CARD

    def sigma_map(self, image: Image) -> Tensor:
        """Estimate sigma, rounded to 8 bits as in the authors' evaluation; see ``MapBasedMethod.sigma_map``."""
        pixels = image.permute(1, 2, 0).contiguous().cpu().numpy()
        return _LARGEST * eight_bit(torch.from_numpy(estimate_sigma(pixels)).to(image.device) / _LARGEST)
