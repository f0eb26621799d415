"""Convert between stored integers of 8 or 16 bits and floating point in [0, 1].

torch is imported only by functions that make images, so that workers that build data sets need not load it.
"""

from typing import TYPE_CHECKING, Literal

import numpy as np

from realdof.common.machine.opencv import cv2

if TYPE_CHECKING:
    from torch import Tensor


def image_from_pixels(pixels: np.ndarray) -> "Tensor":
    """Turn stored pixels into an image.

    Parameters
    ----------
    pixels
        (H, W, C), uint8 or uint16: C is 3, or 6 for both dual-pixel views.

    Returns
    -------
    Tensor
        float32 (C, H, W) in [0, 1]: v / 255 or v / 65535.
    """
    import torch

    values = np.empty((pixels.shape[2], *pixels.shape[:2]), np.float32)
    # Each plane is converted and divided in one pass.
    for plane, stored in zip(values, cv2.split(pixels), strict=True):
        np.divide(stored, np.float32(np.iinfo(pixels.dtype).max), out=plane)
    return torch.from_numpy(values)


def pixels_from_image(image: "Tensor", bits: Literal[8, 16]) -> np.ndarray:
    """Turn an image into pixels to store: clipped to [0, 1], rounded to the nearest value.

    Parameters
    ----------
    image
        Floating point (3, H, W), nominally in [0, 1].

    Returns
    -------
    ndarray
        (H, W, 3), uint8 or uint16.
    """
    scaled = image.detach().cpu().float().clamp(0, 1).mul(2**bits - 1).round()
    # NumPy converts because torch has few operations on uint16.
    return np.ascontiguousarray(scaled.permute(1, 2, 0).numpy().astype(np.uint8 if bits == 8 else np.uint16))


def to_eight_bits(pixels: np.ndarray) -> np.ndarray:
    """Reduce uint16 pixels to uint8 as v >> 8; return uint8 pixels unchanged."""
    return (pixels >> 8).astype(np.uint8) if pixels.dtype == np.uint16 else pixels


def as_float(pixels: np.ndarray) -> np.ndarray:
    """Convert stored pixels to float32 in [0, 1], v / 255 or v / 65535; convert floating point to float32."""
    if pixels.dtype in (np.uint8, np.uint16):
        return np.multiply(pixels, np.float32(1 / np.iinfo(pixels.dtype).max), dtype=np.float32)
    return pixels.astype(np.float32, copy=False)


def sixteen_bits(image: np.ndarray) -> np.ndarray:
    """Convert an image to uint16: float32 in [0, 1] is rounded to the nearest of 65536 levels, uint16 unchanged."""
    return image if image.dtype == np.uint16 else np.rint(image * np.float32(65535)).astype(np.uint16)
