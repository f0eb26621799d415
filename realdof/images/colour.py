"""The sRGB transfer curve, in both directions, and luma."""

import sys
from typing import TYPE_CHECKING, TypeGuard, overload

import cv2
import numpy as np

from realdof.images.depth import as_float

if TYPE_CHECKING:
    from torch import Tensor

# OpenCV's weights for luma, those of Rec. 601.
_LUMA = np.array([[0.299, 0.587, 0.114]], np.float32)


def luma(photograph: np.ndarray) -> np.ndarray:
    """Luma of encoded RGB (Rec. 601 weights), float32 (H, W) in [0, 1], from uint8, uint16 or float (H, W, 3)."""
    return np.asarray(cv2.transform(as_float(photograph), _LUMA))


@overload
def srgb_to_linear(x: "Tensor") -> "Tensor": ...
@overload
def srgb_to_linear(x: np.ndarray) -> np.ndarray: ...
def srgb_to_linear(x: "np.ndarray | Tensor") -> "np.ndarray | Tensor":
    """Decode sRGB values to linear light (IEC 61966-2-1), floating point; [0, 1] maps to [0, 1].

    Values below zero follow the straight part of the curve, values above one its power part.
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


def _is_tensor(x: "np.ndarray | Tensor") -> TypeGuard["Tensor"]:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(x, torch.Tensor)
