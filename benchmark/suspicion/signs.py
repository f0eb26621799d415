"""Signs of common mistakes in an image, its output and its truth: a few numbers kept in the record."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np

from benchmark.method import Image, Sample
from realdof.images.colour import luma

LARGEST = 512
"""px; of larger images only a central square of this side is measured, to save time."""
_FLOOR = 1e-10
"""Smallest mean squared error: 100 dB."""
_SMOOTHING = 1.0
"""px; standard deviation of the blur before detail is measured, so that noise does not count as detail."""
_CLEAR = 0.2
"""Response of the phase correlation above which a shift is trusted."""


@dataclass(frozen=True)
class Sign:
    """Names of the numbers in a record."""

    GAIN = "gain_db"
    SWAPPED = "swapped_channels_db"
    SCALE = "scale"
    DETAIL = "target_detail"
    LIKENESS = "likeness"
    SHIFT_X, SHIFT_Y = "shift_x", "shift_y"
    SATURATED = "saturated"
    LOWEST, HIGHEST = "lowest", "highest"


def signs_of(output: Image, sample: Sample) -> dict[str, float]:
    """Measure the signs of common mistakes.

    Parameters
    ----------
    output
        The method's output, not clipped, float32 (3, H, W).
    sample
        With or without an all-in-focus image.

    Returns
    -------
    dict
        By the names of `Sign`: ``lowest`` and ``highest`` of the output and ``saturated``, the share of its pixels at
        or beyond 0 or 1 less the larger share of input and truth. With a truth: ``gain_db``, PSNR of the output less
        that of the input; ``swapped_channels_db``, what reversed channels would add to the PSNR; ``scale``, the factor
        that would bring the output nearest to the truth; ``target_detail``, the truth's fine detail over the input's;
        ``likeness``, the correlation of input and truth, both reduced; and the shift of the output in px, where it is
        clear.
    """
    made, image = _central(output), _central(sample.image)
    truth = None if sample.target is None else _central(sample.target)
    others = [image] if truth is None else [image, truth]
    signs = {
        Sign.LOWEST: float(output.min()),
        Sign.HIGHEST: float(output.max()),
        Sign.SATURATED: _saturated(made) - max(map(_saturated, others)),
    }
    return signs if truth is None else signs | _against_truth(made, image, truth)


def _against_truth(made: np.ndarray, image: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    psnr = partial(_psnr, truth)
    clipped = made.clip(0, 1)
    found = psnr(clipped)
    grey, grey_image, grey_truth = (luma(one) for one in (clipped, image, truth))
    signs = {
        Sign.GAIN: found - psnr(image),
        Sign.SWAPPED: psnr(cv2.cvtColor(clipped, cv2.COLOR_RGB2BGR)) - found,
        Sign.SCALE: float((made * truth).sum() / max(float(np.square(made).sum()), _FLOOR)),
        Sign.DETAIL: _detail(grey_truth) / max(_detail(grey_image), _FLOOR),
        Sign.LIKENESS: likeness(grey_image, grey_truth),
    }
    window = cv2.createHanningWindow(grey.shape[::-1], cv2.CV_32F)
    (x, y), response = cv2.phaseCorrelate(grey_truth, grey, window)
    return signs | {Sign.SHIFT_X: float(x), Sign.SHIFT_Y: float(y)} if response > _CLEAR else signs


def likeness(first: np.ndarray, second: np.ndarray) -> float:
    """Correlate two luma images, both resized to 32x32 px, so that blur and small shifts do not matter.

    Parameters
    ----------
    first, second
        float32 (H, W); they may differ in size.
    """
    small = [cv2.resize(one, (32, 32), interpolation=cv2.INTER_AREA) for one in (first, second)]
    centred = [one - one.mean() for one in small]
    energy = float(np.sqrt(np.square(centred[0]).sum() * np.square(centred[1]).sum()))
    return float((centred[0] * centred[1]).sum()) / energy if energy > 0 else 1.0


def _central(image: Image) -> np.ndarray:
    """Crop the central square of an image, or return all of a small one: float32 (H, W, 3)."""
    top, left = (max(0, (side - LARGEST) // 2) for side in image.shape[-2:])
    square = image[..., top : top + LARGEST, left : left + LARGEST].detach().cpu().float()
    return cv2.merge(tuple(square.numpy()))


def _saturated(pixels: np.ndarray) -> float:
    return float(((pixels <= 0) | (pixels >= 1)).mean())


def _psnr(truth: np.ndarray, pixels: np.ndarray) -> float:
    return -10 * float(np.log10(max(cv2.norm(truth, pixels, cv2.NORM_L2SQR) / truth.size, _FLOOR)))


def _detail(grey: np.ndarray) -> float:
    return float(np.square(cv2.Laplacian(cv2.GaussianBlur(grey, (0, 0), _SMOOTHING), cv2.CV_32F)).mean())
