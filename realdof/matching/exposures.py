"""Match the exposure of one photograph to that of another, aligned one."""

from dataclasses import dataclass

import numpy as np

from realdof.images.depth import as_float
from realdof.matching.photometry import Channels, apply_photometry, fit_photometry


@dataclass(frozen=True)
class MatchedExposure:
    """A photograph matched to the exposure of another one.

    Attributes
    ----------
    image
        float32 (H, W, 3), sRGB-encoded, clipped to [0, 1].
    gain, offset
        For red, green and blue, applied to ``target`` in linear light; the offset is in units of full scale.
    """

    image: np.ndarray
    gain: Channels
    offset: Channels


def match_exposure(source: np.ndarray, target: np.ndarray, mask: np.ndarray | None = None) -> MatchedExposure:
    """Match the exposure of ``target``, the all-in-focus image, to that of ``source``, the defocused one.

    Parameters
    ----------
    source, target
        uint8, uint16, or floating point in [0, 1], (H, W, 3), RGB, sRGB-encoded, aligned, of one size. ``source`` may
        also be in focus.
    mask
        bool (H, W): the pixels to use; None for all.

    Raises
    ------
    InputError
        Too little of both images is free of clipped pixels.
    ValueError
        The images or the mask differ in size, or an image has another type or range.

    Examples
    --------
    >>> import realdof, skimage.data
    >>> photograph = skimage.data.astronaut()
    >>> realdof.match_exposure(photograph, photograph).gain[1].__round__(2)
    1.0
    """
    for image in (source, target):
        if (
            image.ndim != 3
            or image.shape[2] != 3
            or not (image.dtype in (np.uint8, np.uint16) or image.dtype.kind == "f")
        ):
            raise ValueError(
                f"an image must be uint8, uint16 or floating point (H, W, 3), not {image.dtype} {image.shape}"
            )
        if image.dtype.kind == "f" and not (np.isfinite(image).all() and 0 <= image.min() <= image.max() <= 1):
            raise ValueError(f"floating point must lie in [0, 1], not from {image.min()} to {image.max()}")
    if source.shape != target.shape or (mask is not None and mask.shape != source.shape[:2]):
        sizes = [array.shape[:2] for array in (source, target, mask) if array is not None]
        raise ValueError(f"images and mask must be of one size, not {sizes}")
    first, second = (np.ascontiguousarray(as_float(image)) for image in (source, target))
    model = fit_photometry(first, second, mask=mask)
    return MatchedExposure(apply_photometry(second, model), model.gain, model.offset)
