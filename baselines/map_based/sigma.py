"""A classical estimate of defocus: the blur of every pixel, from the effect of a second blur on the edges."""

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.feature import canny

from baselines.map_based.propagation import propagate

# Standard deviations in pixels of the two Gaussians under which gradients are computed. The fine pair distinguishes
# small blurs; the coarse pair is more robust to noise and is used where its estimate exceeds `_COARSE_FROM`.
_FINE = (0.7, 1.4)
_COARSE = (1.5, 3.0)
_COARSE_FROM = 1.5

# A central difference is a derivative averaged over a box of two pixels, whose variance this is.
_DIFFERENCE_VARIANCE = 1 / 3

# Canny on the encoded grey image; defocused edges are weak.
_CANNY_DEVIATION = 1.0
_CANNY_LOW, _CANNY_HIGH = 0.02, 0.06

# Pixels; an edge with a larger estimate is not isolated from others and is dropped.
_LARGEST = 8.0

_SOFTENING = np.float32(0.5)


def estimate_sigma(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Estimate the standard deviation of the Gaussian blur at every pixel.

    Parameters
    ----------
    image
        float32 (H, W, 3), RGB, sRGB-encoded, [0, 1].

    Returns
    -------
    ndarray
        sigma in pixels, float32 (H, W) in [0, 8]; zero everywhere if the image has no edge.

    References
    ----------
    Zhuo and Sim, "Defocus map estimation from a single image", Pattern Recognition 44, 2011, Sections 3 and 4;
    edge-aware smoothing (see ``propagate``) replaces the matting Laplacian in spreading the values at edges.
    """
    grey = image.mean(axis=2, dtype=np.float32)
    edges, sigma = sigma_at_edges(grey)
    if not edges.any():
        return np.zeros_like(grey)
    # A soft shadow looks like a defocused edge. Its gradient is small, so squaring gives it little weight. The mean of
    # the inverse lets the sharpest edges nearby decide, because too little deblurring does less harm than too much.
    confidence = np.where(edges, gradient(grey, _FINE[0]) ** 2, 0)
    spread = np.reciprocal(propagate(confidence, np.reciprocal(sigma + _SOFTENING), grey)) - _SOFTENING
    return spread.clip(0, _LARGEST)


def sigma_at_edges(grey: NDArray[np.float32]) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Estimate the blur where the image has edges.

    Parameters
    ----------
    grey
        float32 (H, W) in [0, 1].

    Returns
    -------
    edges
        Canny edge pixels whose blur can be estimated, bool (H, W).
    sigma
        The blur there in pixels, float32 (H, W) in [0, 8]; zero elsewhere.
    """
    edges = canny(grey, _CANNY_DEVIATION, _CANNY_LOW, _CANNY_HIGH)
    fine, coarse = (_sigma_from_ratio(grey, edges, *pair) for pair in (_FINE, _COARSE))
    sigma = np.zeros_like(grey)
    sigma[edges] = np.where(coarse > _COARSE_FROM, coarse, fine)
    told = edges & (sigma < _LARGEST)
    return told, sigma * told


def _sigma_from_ratio(
    grey: NDArray[np.float32], edges: NDArray[np.bool_], first: float, second: float
) -> NDArray[np.float32]:
    """Apply Equation 6 of Zhuo and Sim, sigma = sigma_0 / sqrt(R^2 - 1), without the gradient filter's own blur."""
    ratio = gradient(grey, first)[edges] / np.maximum(gradient(grey, second)[edges], 1e-6)
    added = second**2 - first**2
    whole = added / np.maximum(ratio**2 - 1, 1e-6)
    return np.sqrt(np.clip(whole - first**2 - _DIFFERENCE_VARIANCE, 0, _LARGEST**2))


def gradient(grey: NDArray[np.float32], deviation: float) -> NDArray[np.float32]:
    """Return the gradient magnitude of the image under a Gaussian, float32 (H, W)."""
    smooth = cv2.GaussianBlur(grey, (0, 0), deviation, borderType=cv2.BORDER_REFLECT)
    across = np.zeros_like(smooth)
    down = np.zeros_like(smooth)
    across[:, 1:-1] = (smooth[:, 2:] - smooth[:, :-2]) / 2
    down[1:-1] = (smooth[2:] - smooth[:-2]) / 2
    return np.hypot(across, down)
