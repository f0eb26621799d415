"""The exposure difference between the two cameras: a gain and an offset per channel, and how to remove it."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from realdof.common.errors import InputError
from realdof.common.machine.opencv import cv2
from realdof.images.colour import SATURATED, linear_to_srgb, srgb_to_linear
from realdof.images.resize import area_resize
from realdof.matching.blur import blur_map, blurred_like

PhotometricMethod = Literal["lowpass-linear", "linear", "mean-std"]
PhotometricPair = Literal["target", "reference"]
Domain = Literal["linear-light", "srgb"]
Channels = tuple[float, float, float]

# Standard deviations of the low-pass, px: the wide one leaves little of what the blur map missed, but few blocks
# between clipped parts.
_LOW_PASSES = (32.0, 16.0, 8.0)
_FEWEST_BLOCKS = 50.0
# Share of clipped pixels, or of light from them, under a block's low-pass up to which it still counts as unclipped.
_CLIPPED_SHARE = 3e-3
_CLIPPED_LIGHT = 0.01
# Light below which a block tells little: clipped at black, noise brightens it. Measured at ISO 8000: 8 % at 0.03.
_SHADOWS = 0.1


@dataclass(frozen=True)
class PhotometricModel:
    """What the moving camera's values are multiplied with and what is added, to match the reference camera's.

    Attributes
    ----------
    method, pair
        How it was estimated, and from which pair.
    domain
        Where gain and offset apply: to linear light, or to sRGB-encoded values.
    gain, offset
        Red, green, blue; the offset in units of full scale.
    low_pass
        Standard deviation in px of the Gaussian the estimate rests on; ``None`` where the method has none.
    falloff
        Share of its light that the reference camera loses from the middle to the corners of its image, more than the
        moving camera: the vignetting of a wide open lens. It is not corrected, the gain is the frame's mean; ``None``
        where it was not estimated.
    """

    method: PhotometricMethod
    pair: PhotometricPair
    domain: Domain
    gain: Channels
    offset: Channels
    low_pass: float | None = None
    falloff: float | None = None


def fit_photometry(
    reference: np.ndarray,
    moving: np.ndarray,
    *,
    method: PhotometricMethod = "lowpass-linear",
    pair: PhotometricPair = "target",
    mask: np.ndarray | None = None,
) -> PhotometricModel:
    """Estimate the exposure difference of an aligned pair.

    ``mean-std`` is RealBlur's: gain = ratio of the standard deviations, the offset matches the means. ``linear`` is
    plain least squares, the paper's "linear model". Both take sRGB-encoded values as they are; on a target pair they
    darken the all-in-focus image's contrast by 7 to 30 %, because defocus lowers the standard deviation.
    ``lowpass-linear``, the default, differs from the paper for that reason: the all-in-focus image is blurred as the
    blur map says, both are low-passed in linear light, and least squares is done on blocks without clipped pixels or
    light from them. A gain that falls with the distance from the middle squared is fitted beside it, because vignetting
    would otherwise change the ratio of the channels wherever colours and places go together.

    Parameters
    ----------
    reference, moving
        float32 (H, W, 3), sRGB-encoded, in [0, 1], aligned and cropped to the valid region: of a target pair the
        defocused and the all-in-focus image, of a reference pair the photographs of the same two cameras.
    pair
        Which pair it is. The paper takes the target pair, RealBlur the reference pair.
    mask
        bool (H, W): the pixels that count; ``lowpass-linear`` only. None for all.

    Returns
    -------
    PhotometricModel
        From ``moving`` to ``reference``.

    Raises
    ------
    InputError
        ``lowpass-linear`` finds no unclipped part of sufficient size.

    References
    ----------
    IFAN's supplement, section 1; Rim et al., RealBlur, ECCV 2020.
    """
    if method == "lowpass-linear":
        return _low_pass_fit(reference, moving, pair, mask)
    (mean, deviation), (other_mean, other_deviation) = (_mean_and_deviation(image) for image in (reference, moving))
    other_deviation = np.maximum(other_deviation, 1e-6)
    if method == "mean-std":
        gain = deviation / other_deviation
    else:
        first, second = (image.reshape(-1, 3).astype(np.float64) for image in (reference, moving))
        gain = ((first - mean) * (second - other_mean)).mean(axis=0) / other_deviation**2
    return PhotometricModel(method, pair, "srgb", channels(gain), channels(mean - gain * other_mean))


def _mean_and_deviation(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each channel, summed in double precision: float64 (3,) each."""
    mean, deviation = cv2.meanStdDev(image)
    return np.asarray(mean[:, 0]), np.asarray(deviation[:, 0])


def apply_photometry(image: np.ndarray, model: PhotometricModel) -> np.ndarray:
    """Match a moving camera's image to the reference camera's exposure.

    Parameters
    ----------
    image
        float32 (H, W, 3), sRGB-encoded.

    Returns
    -------
    ndarray
        float32 (H, W, 3), sRGB-encoded, clipped to [0, 1] after the correction.
    """
    gain, offset = np.array(model.gain, np.float32), np.array(model.offset, np.float32)
    if model.domain == "srgb":
        return np.asarray(np.clip(image * gain + offset, 0, 1), np.float32)
    return np.asarray(np.clip(linear_to_srgb(srgb_to_linear(image) * gain + offset), 0, 1), np.float32)


def clipped(image: np.ndarray) -> np.ndarray:
    """Where any channel is clipped, bool (H, W), from sRGB-encoded values (H, W, 3)."""
    # NumPy's maximum over a short last axis takes ten times as long.
    red, green, blue = (image[..., channel] for channel in range(3))
    return np.asarray(np.maximum(np.maximum(red, green), blue) >= SATURATED)


def channels(values: np.ndarray) -> Channels:
    """Red, green and blue from an array (3,)."""
    red, green, blue = values.tolist()
    return red, green, blue


def eccentricity(rows: int, columns: int) -> np.ndarray:
    """Distance from the middle, squared, as a share of the corner's, less its mean of 1/3: float64 (rows, columns)."""
    down, across = ((np.arange(count) + 0.5) / count * 2 - 1 for count in (rows, columns))
    shape = np.array([rows, columns]) ** 2 / (rows**2 + columns**2)
    return np.asarray(shape[0] * down[:, None] ** 2 + shape[1] * across**2 - 1 / 3)


def _low_pass_fit(
    reference: np.ndarray, moving: np.ndarray, pair: PhotometricPair, mask: np.ndarray | None
) -> PhotometricModel:
    half = (reference.shape[0] // 2, reference.shape[1] // 2)
    light, other_light = (area_resize(srgb_to_linear(image), *half) for image in (reference, moving))
    saturated, other_saturated = (
        area_resize(clipped(image).astype(np.float32), *half) for image in (reference, moving)
    )
    if pair == "target":
        spread = blurred_like(np.dstack([other_light, other_saturated]), blur_map(reference, moving))
        other_light, other_saturated = spread[..., :3], spread[..., 3]
    excluded = (saturated > 0) | (other_saturated > _CLIPPED_LIGHT)
    if mask is not None:
        excluded |= area_resize(mask.astype(np.float32), *half) < 1
    for low_pass in _LOW_PASSES:
        samples, blocks = _unclipped_blocks(light, other_light, excluded, low_pass / 2)
        if blocks >= _FEWEST_BLOCKS:
            gain, offset, falloff = _least_squares(samples)
            return PhotometricModel(
                "lowpass-linear", pair, "linear-light", channels(gain), channels(offset), low_pass, falloff
            )
    raise InputError(
        "the exposures of the pair cannot be compared: hardly any part of both images is free of clipped pixels"
    )


def _unclipped_blocks(
    light: np.ndarray, other_light: np.ndarray, excluded: np.ndarray, low_pass: float
) -> tuple[np.ndarray, float]:
    """Low-passed values where nothing is clipped, and how many independent blocks they make.

    Returns
    -------
    ndarray
        (N, 7): red, green, blue of both images, and the place as ``eccentricity`` has it.
    float
        How many.
    """
    step = int(low_pass / 2)
    rows, columns = max(1, excluded.shape[0] // step), max(1, excluded.shape[1] // step)
    sigma = low_pass * columns / excluded.shape[1]
    light, other_light, share = (
        cv2.GaussianBlur(area_resize(field, rows, columns), (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
        for field in (light, other_light, excluded.astype(np.float32))
    )
    kept = share < _CLIPPED_SHARE
    place = eccentricity(rows, columns)[kept, None]
    samples = np.concatenate([light[kept], other_light[kept], place], axis=1, dtype=np.float64)
    # A Gaussian averages over 4 pi sigma^2.
    return samples, len(samples) / (4 * np.pi * sigma**2)


def _least_squares(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Gain and offset per channel, bright blocks before dark, and the falloff of their mean; from (N, 7)."""
    found = []
    for channel in range(3):
        reference, moving, place = samples[:, channel], samples[:, 3 + channel], samples[:, 6]
        light = np.maximum(moving, 1e-6)
        root_weight = (light / (light + _SHADOWS)) ** 2
        design = np.stack([moving, np.ones_like(moving), moving * place], axis=1)
        found.append(np.linalg.lstsq(design * root_weight[:, None], reference * root_weight)[0])
    gain, offset, slope = np.array(found).T
    # In the middle and in the corners of the frame ``eccentricity`` is -1/3 and 2/3.
    return gain, offset, float(np.mean(slope / (slope / 3 - gain)))
