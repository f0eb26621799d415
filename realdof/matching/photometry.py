"""Estimate and remove the exposure difference between two cameras: a gain and an offset per channel."""

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

# Standard deviations of the low-pass, px. A wide one suppresses more of the blur map's error, but leaves fewer blocks
# between clipped parts.
_LOW_PASSES = (32.0, 16.0, 8.0)
_FEWEST_BLOCKS = 50.0
# Largest share of clipped pixels, and of light from them, in the low-pass of a block that counts as unclipped.
_CLIPPED_SHARE = 3e-3
_CLIPPED_LIGHT = 0.01
# Blocks darker than this get less weight, because noise clipped at black brightens them: by 8 % at 0.03 (ISO 8000).
_SHADOWS = 0.1


@dataclass(frozen=True)
class PhotometricModel:
    """The gain and offset that match the moving camera's values to the reference camera's.

    Attributes
    ----------
    method, pair
        The method and the pair of the estimate.
    domain
        Whether gain and offset apply to linear light or to sRGB-encoded values.
    gain, offset
        For red, green and blue; the offset is in units of full scale.
    low_pass
        Standard deviation of the low-pass used for the estimate, px; ``None`` if the method has none.
    falloff
        Share of light by which the reference camera's image is darker in the corners than in the middle, in excess of
        the moving camera's: the vignetting of a wide open lens. It is not corrected; the gain is the mean over the
        frame. ``None`` if it was not estimated.
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

    ``mean-std`` is RealBlur's method: the gain is the ratio of the standard deviations, the offset matches the means.
    ``linear`` is plain least squares, the paper's "linear model". Both use sRGB-encoded values; on a target pair they
    lower the all-in-focus image's contrast by 7 to 30 %, because defocus lowers the standard deviation.
    ``lowpass-linear``, the default, differs from the paper for that reason. It blurs the all-in-focus image by the blur
    map, low-passes both images in linear light, and applies least squares to blocks without clipped pixels or light
    from them. It also fits a gain that falls with the square of the distance from the middle, because vignetting would
    otherwise change the ratio of the channels where colour depends on the position in the image.

    Parameters
    ----------
    reference, moving
        float32 (H, W, 3), sRGB-encoded, in [0, 1], aligned and cropped to the valid region: the defocused and the
        all-in-focus image of a target pair, or the photographs of the same two cameras in a reference pair.
    pair
        Which pair it is. The paper uses the target pair, RealBlur the reference pair.
    mask
        bool (H, W): the pixels to use, only for ``lowpass-linear``; None for all.

    Returns
    -------
    PhotometricModel
        From ``moving`` to ``reference``.

    Raises
    ------
    InputError
        ``lowpass-linear`` finds too few unclipped blocks.

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
    """Return the mean and standard deviation of each channel, float64 (3,), summed in double precision."""
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
    """Return where any channel is clipped, bool (H, W), from sRGB-encoded values (H, W, 3)."""
    # NumPy's maximum over a short last axis would take ten times as long.
    red, green, blue = (image[..., channel] for channel in range(3))
    return np.asarray(np.maximum(np.maximum(red, green), blue) >= SATURATED)


def channels(values: np.ndarray) -> Channels:
    """Convert an array (3,) to a tuple of red, green and blue."""
    red, green, blue = values.tolist()
    return red, green, blue


def eccentricity(rows: int, columns: int) -> np.ndarray:
    """Return the squared distance from the middle relative to the corners, less its mean of 1/3, (rows, columns)."""
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
    """Return the low-passed values of unclipped blocks, and the number of independent blocks among them.

    Returns
    -------
    ndarray
        (N, 7): red, green and blue of both images, and the ``eccentricity``.
    float
        Number of independent blocks.
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
    # A Gaussian averages over an area of 4 pi sigma^2.
    return samples, len(samples) / (4 * np.pi * sigma**2)


def _least_squares(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Fit gain and offset per channel to samples (N, 7), weighted towards bright ones; return them and the falloff."""
    found = []
    for channel in range(3):
        reference, moving, place = samples[:, channel], samples[:, 3 + channel], samples[:, 6]
        light = np.maximum(moving, 1e-6)
        root_weight = (light / (light + _SHADOWS)) ** 2
        design = np.stack([moving, np.ones_like(moving), moving * place], axis=1)
        found.append(np.linalg.lstsq(design * root_weight[:, None], reference * root_weight)[0])
    gain, offset, slope = np.array(found).T
    # ``eccentricity`` is -1/3 in the middle of the frame and 2/3 in the corners.
    return gain, offset, float(np.mean(slope / (slope / 3 - gain)))
