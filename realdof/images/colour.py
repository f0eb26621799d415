"""sRGB: the transfer function and its inverse, as functions and as tables, the primaries, and luma."""

import sys
from functools import cache
from typing import TYPE_CHECKING, TypeGuard, overload

import numpy as np

from realdof.common.machine.opencv import cv2
from realdof.images.depth import as_float

if TYPE_CHECKING:
    from torch import Tensor

XYZ_FROM_SRGB = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
"""Matrix from linear sRGB to CIE XYZ under D65 (IEC 61966-2-1)."""

SATURATED = 0.995
"""sRGB-encoded value at and above which a channel counts as clipped, with 0.5 % tolerance for resampling."""

# OpenCV's weights for luma, those of Rec. 601.
_LUMA = np.array([[0.299, 0.587, 0.114]], np.float32)


def luma(photograph: np.ndarray) -> np.ndarray:
    """Return the luma of encoded RGB, uint8, uint16 or float (H, W, 3): float32 (H, W) in [0, 1], Rec. 601 weights."""
    return np.asarray(cv2.transform(as_float(photograph), _LUMA))


@overload
def srgb_to_linear(x: "Tensor") -> "Tensor": ...
@overload
def srgb_to_linear(x: np.ndarray) -> np.ndarray: ...
def srgb_to_linear(x: "np.ndarray | Tensor") -> "np.ndarray | Tensor":
    """Decode sRGB values to linear light (IEC 61966-2-1), floating point; [0, 1] maps to [0, 1].

    Values below zero follow the linear part of the curve, values above one its power part.
    """
    if _is_tensor(x):
        import torch

        return torch.where(x <= 0.04045, x / 12.92, ((x.clamp(min=0.04045) + 0.055) / 1.055) ** 2.4)
    return np.where(x <= 0.04045, x / 12.92, ((np.maximum(x, 0.04045) + 0.055) / 1.055) ** 2.4)


@overload
def linear_to_srgb(x: "Tensor") -> "Tensor": ...
@overload
def linear_to_srgb(x: np.ndarray) -> np.ndarray: ...
def linear_to_srgb(x: "np.ndarray | Tensor") -> "np.ndarray | Tensor":
    """Encode linear light as sRGB (IEC 61966-2-1), floating point; the inverse of ``srgb_to_linear``."""
    if _is_tensor(x):
        import torch

        return torch.where(x <= 0.0031308, x * 12.92, 1.055 * x.clamp(min=0.0031308) ** (1 / 2.4) - 0.055)
    return np.where(x <= 0.0031308, x * 12.92, 1.055 * np.maximum(x, 0.0031308) ** (1 / 2.4) - 0.055)


@cache
def srgb_codes() -> np.ndarray:
    """Return the sRGB code of each of 65536 levels of light, uint16 (65536,)."""
    return np.rint(linear_to_srgb(np.arange(65536) / 65535) * 65535).astype(np.uint16)


@cache
def light_of_codes(codes: int) -> np.ndarray:
    """Return the light, in units of 1/65535, of each of 256 or 65536 sRGB codes: uint16 (codes,)."""
    return np.rint(srgb_to_linear(np.arange(codes) / (codes - 1)) * 65535).astype(np.uint16)


def camera_from_srgb(camera_from_xyz: np.ndarray) -> np.ndarray:
    """Return the matrix from linear sRGB to a camera's white-balanced colours, as LibRaw derives it.

    Parameters
    ----------
    camera_from_xyz
        float64 (3, 3), from CIE XYZ under D65 to the camera's colours.

    Returns
    -------
    ndarray
        float64 (3, 3); it maps (1, 1, 1) to itself.
    """
    matrix = camera_from_xyz @ XYZ_FROM_SRGB
    return np.asarray(matrix / matrix.sum(axis=1, keepdims=True))


def _is_tensor(x: "np.ndarray | Tensor") -> TypeGuard["Tensor"]:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(x, torch.Tensor)
