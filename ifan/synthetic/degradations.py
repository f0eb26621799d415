"""Degradations of an image by camera and file format: noise, demosaicing, sharpening, compression, palettes."""

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

from ifan.synthetic.jpeg import compress
from ifan.synthetic.noise import normal
from ifan.synthetic.surfaces import to_encoded


@dataclass(frozen=True)
class Degradations:
    """Degradations and their shares of the patches; the all-in-focus image has none of them.

    Parameters
    ----------
    noise
        Share with shot and read noise in linear light.
    electrons
        Bounds of the electrons of a white pixel, drawn on a logarithmic scale.
    read_noise
        Largest read noise, electrons.
    mosaic
        Share of the noisy patches with the noise of a colour filter array, interpolated bilinearly.
    encoded_noise, largest_sigma
        Share with noise of uniform strength in the encoded image, and its largest standard deviation, of 1.0 full
        scale.
    denoising, sharpening
        Shares with mild denoising and with mild sharpening, as in cameras.
    jpeg, lowest_quality, highest_quality
        Share with JPEG compression, and bounds of its quality.
    webp, palette
        Share with WebP compression, and share with a palette of few colours and Floyd-Steinberg dither.
    rounding
        Share that is rounded to 8 bits.
    exposure
        Largest relative error of the exposure, in linear light.
    """

    noise: float = 0.3
    electrons: tuple[float, float] = (1200.0, 40000.0)
    read_noise: float = 8.0
    mosaic: float = 0.6
    encoded_noise: float = 0.08
    largest_sigma: float = 0.04
    denoising: float = 0.1
    sharpening: float = 0.12
    jpeg: float = 0.3
    lowest_quality: int = 70
    highest_quality: int = 98
    webp: float = 0.015
    palette: float = 0.03
    rounding: float = 0.85
    exposure: float = 0.02


NONE = Degradations(
    noise=0, encoded_noise=0, denoising=0, sharpening=0, jpeg=0, webp=0, palette=0, rounding=0, exposure=0
)
"""Defocus without degradations."""


def record(views: Tensor, settings: Degradations, random: np.random.Generator, key: int) -> Tensor:
    """Simulate a sensor's exposure to both views, and develop the images.

    Parameters
    ----------
    views
        float32 (B, 2, 3, H, W), linear light, not clipped.

    Returns
    -------
    Tensor
        float32 (B, 3, 3, H, W) in [0, 1], sRGB-encoded: merged image, left view, right view.
    """
    count, device = len(views), views.device
    # The sensor clips each half of a pixel; the merged image is the mean of the halves.
    gain = 1 + random.uniform(-settings.exposure, settings.exposure, count)
    views = (views * _each(gain, device)).clamp(0, 1)
    views = _noisy(views, settings, random, key)
    merged = views.mean(dim=1, keepdim=True)
    images = to_encoded(torch.cat([merged, views], dim=1).clamp(0, 1))
    sigma = np.where(random.random(count) < settings.encoded_noise, random.uniform(0, settings.largest_sigma, count), 0)
    if sigma.any():
        images = images + _each(sigma, device) * normal(tuple(images.shape), key + 2, device)
    return images.clamp(0, 1)


def process(images: Tensor, settings: Degradations, random: np.random.Generator) -> Tensor:
    """Apply the camera's and the file's degradations to developed images: float32 (B, V, 3, H, W) in [0, 1]."""
    count, views = images.shape[:2]
    flat = _denoised_and_sharpened(images.flatten(0, 1), settings, random, count, views)
    flat = flat.clamp(0, 1)
    jpeg = random.random(count) < settings.jpeg
    quality = random.integers(settings.lowest_quality, settings.highest_quality + 1, count)
    halved = random.random(count) < 0.5
    offset = (int(random.integers(16)), int(random.integers(16)))
    rounded = random.random(count) < settings.rounding
    kinds = random.random(count)
    flat = _rows(flat, jpeg, views, lambda part, rows: compress(
        part, _repeated(quality[rows], views, part.device), _repeated(halved[rows], views, part.device) > 0, offset
    ))  # fmt: skip
    flat = _rows(flat, rounded & ~jpeg, views, lambda part, rows: torch.round(part * 255) / 255)
    palette, webp = kinds < settings.palette, kinds > 1 - settings.webp
    for scene in np.flatnonzero((palette | webp) & ~jpeg):
        span = slice(int(scene) * views, (int(scene) + 1) * views)
        colours = int(np.exp(random.uniform(np.log(16), np.log(256)))) if palette[scene] else 0
        flat[span] = through_file(flat[span], colours, int(random.integers(70, 99)))
    return flat.view(images.shape)


def through_file(images: Tensor, colours: int, quality: int) -> Tensor:
    """Reduce to a palette with dither, or compress as WebP if ``colours`` is 0: float32 (N, 3, H, W) in [0, 1]."""
    results = []
    for image in torch.round(images * 255).to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy():
        picture = Image.fromarray(image)
        if colours:
            few = picture.quantize(colours, dither=Image.Dither.NONE)
            picture = picture.quantize(palette=few, dither=Image.Dither.FLOYDSTEINBERG).convert("RGB")
        else:
            content = io.BytesIO()
            picture.save(content, "WEBP", quality=quality)
            picture = Image.open(content).convert("RGB")
        results.append(np.array(picture))
    return torch.from_numpy(np.stack(results)).to(images.device).permute(0, 3, 1, 2).to(torch.float32) / 255


def _noisy(views: Tensor, settings: Degradations, random: np.random.Generator, key: int) -> Tensor:
    count, device = len(views), views.device
    having = random.random(count) < settings.noise
    white = np.exp(random.uniform(np.log(settings.electrons[0]), np.log(settings.electrons[1]), count))
    read = random.uniform(0.5, settings.read_noise, count) / white
    rows = np.flatnonzero(having)
    mosaic = random.random(count) < settings.mosaic
    if not len(rows):
        return views
    where = torch.from_numpy(rows).to(device)
    part = views[where]
    noise = normal(tuple(part.shape), key, device)
    noise = torch.where(_each(mosaic[rows].astype(np.float32), device) > 0, _demosaiced(noise), noise)
    # Each half holds half of the pixel's electrons.
    variance = 2 * part / _each(white[rows], device) + 2 * _each(read[rows] ** 2, device)
    result = views.clone()
    result[where] = part + variance.sqrt() * noise
    return result


def _demosaiced(noise: Tensor) -> Tensor:
    """Correlate pixel noise like bilinear demosaicing of a Bayer pattern; (B, V, 3, H, W)."""
    height, width = noise.shape[-2:]
    rows = torch.arange(height, device=noise.device)[:, None] % 2
    columns = torch.arange(width, device=noise.device)[None, :] % 2
    sites = torch.stack([(rows + columns == 0), (rows + columns == 1), (rows + columns == 2)]).to(noise.dtype)
    cross = [[0.25, 0.5, 0.25], [0.5, 1.0, 0.5], [0.25, 0.5, 0.25]]
    plus = [[0.0, 0.25, 0.0], [0.25, 1.0, 0.25], [0.0, 0.25, 0.0]]
    weights = noise.new_tensor([cross, plus, cross])[:, None]
    padded = functional.pad((noise * sites).flatten(0, 1), (1, 1, 1, 1), mode="reflect")
    return functional.conv2d(padded, weights, groups=3).view(noise.shape)


def _denoised_and_sharpened(
    images: Tensor, settings: Degradations, random: np.random.Generator, count: int, views: int
) -> Tensor:
    """Denoise by blending with a blurred copy, or sharpen by moving away from it."""
    smooth = np.where(random.random(count) < settings.denoising, random.uniform(0.1, 0.6, count), 0.0)
    crisp = np.where(random.random(count) < settings.sharpening, random.uniform(0.1, 0.7, count), 0.0)
    wide = random.uniform(0.6, 1.4, count)
    if not (smooth.any() or crisp.any()):
        return images
    taps = np.exp(-np.square(np.arange(-2, 3)[None] / wide[:, None]) / 2)
    taps /= taps.sum(axis=1, keepdims=True)
    amount = _repeated(smooth - crisp, views, images.device)[:, None, None, None]
    return images + amount * (_separable(images, _repeated(taps, views, images.device)) - images)


def _separable(images: Tensor, taps: Tensor) -> Tensor:
    """Blur (N, C, H, W) with five taps that differ between images."""
    padded = functional.pad(images, (2, 2, 2, 2), mode="reflect")
    height, width = images.shape[-2:]
    weight = taps[:, :, None, None, None]
    across = sum(weight[:, tap] * padded[..., tap : tap + width] for tap in range(5))
    assert isinstance(across, Tensor)
    down = sum(weight[:, tap] * across[..., tap : tap + height, :] for tap in range(5))
    assert isinstance(down, Tensor)
    return down


def _rows(
    images: Tensor, chosen: NDArray[np.bool_], views: int, change: Callable[[Tensor, NDArray[np.int64]], Tensor]
) -> Tensor:
    """Apply ``change`` to the images of the chosen scenes, ``views`` each; it also gets the scenes' indices."""
    rows = np.flatnonzero(chosen)
    if not len(rows):
        return images
    where = torch.from_numpy((rows[:, None] * views + np.arange(views)[None]).ravel()).to(images.device)
    result = images.clone()
    result[where] = change(images[where], rows)
    return result


def _each(values: NDArray[np.floating], device: torch.device) -> Tensor:
    return torch.from_numpy(np.asarray(values, np.float32)).to(device)[:, None, None, None, None]


def _repeated(values: NDArray[np.generic], times: int, device: torch.device) -> Tensor:
    return torch.from_numpy(np.repeat(np.asarray(values, np.float32), times, axis=0)).to(device)
