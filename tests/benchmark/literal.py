"""The published protocols written out plainly with OpenCV, NumPy, scikit-image and torch, to compare ours with.

Every function takes arrays (H, W, 3) as the authors' scripts have them; nothing of our own arithmetic is used.
"""

from pathlib import Path

import cv2
import numpy as np
import torch
from skimage.metrics import structural_similarity
from torch import Tensor
from torch.nn import functional

from benchmark.metrics.lpips.network import plain_network

LAYERS = {"0": (4, 2), "3": (1, 2), "6": (1, 1), "8": (1, 1), "10": (1, 1)}
"""Number of each convolution in AlexNet's trunk, with its stride and padding."""


class AlexNetDistance:
    """LPIPS 0.1 with AlexNet, step by step as the package's module does it; only the weights are read from ours."""

    def __init__(self) -> None:
        self.state = plain_network().state_dict()

    def __call__(self, first: np.ndarray, second: np.ndarray) -> float:
        shift, scale = (torch.tensor(v).view(1, 3, 1, 1) for v in ((-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)))
        tensors = [torch.from_numpy(image).permute(2, 0, 1)[None].float() * 2 - 1 for image in (first, second)]
        features = [self.trunk((tensor - shift) / scale) for tensor in tensors]
        total = 0.0
        for number, (one, other) in enumerate(zip(*features, strict=True)):
            difference = (self.unit(one) - self.unit(other)) ** 2
            weighted = functional.conv2d(difference, self.state[f"weights.{number}"])
            total += float(weighted.mean())
        return total

    def trunk(self, image: Tensor) -> list[Tensor]:
        """The five rectified feature maps."""
        maps = []
        for name, (stride, padding) in LAYERS.items():
            weight, bias = (self.state[f"features.{name}.{kind}"] for kind in ("weight", "bias"))
            image = functional.relu(functional.conv2d(image, weight, bias, stride, padding))
            maps.append(image)
            if name in ("0", "3"):
                image = functional.max_pool2d(image, 3, 2)
        return maps

    @staticmethod
    def unit(features: Tensor) -> Tensor:
        """Every pixel's features brought to length one."""
        return features / (torch.sqrt(torch.sum(features**2, dim=1, keepdim=True)) + 1e-10)


def psnr(output: np.ndarray, target: np.ndarray) -> float:
    """Peak value 1, float64."""
    return float(10 * np.log10(1 / np.mean((output.astype(np.float64) - target) ** 2)))


def mae(output: np.ndarray, target: np.ndarray) -> float:
    """Of each channel, then the mean."""
    return float(np.mean([np.mean(np.abs(output[..., c].astype(np.float64) - target[..., c])) for c in range(3)]))


def ssim(output: np.ndarray, target: np.ndarray, **options: object) -> float:
    """scikit-image's, in float64 as 0.18.1 had it."""
    first, second = output.astype(np.float64), target.astype(np.float64)
    return float(structural_similarity(first, second, data_range=1, channel_axis=2, **options))


def eight_bits(path: Path) -> np.ndarray:
    """8-bit RGB / 255 in float32; of a 16-bit file the upper 8 bits."""
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB).astype(np.float32) / np.float32(255)


def ifan_cvpr21(path: Path) -> np.ndarray:
    """8-bit, cut to a multiple of 8."""
    image = eight_bits(path)
    return image[: image.shape[0] // 8 * 8, : image.shape[1] // 8 * 8]


def ifan_cvpr21_16bit(path: Path) -> np.ndarray:
    """16-bit, cut to a multiple of 8."""
    image = restormer_dual(path)
    return image[: image.shape[0] // 8 * 8, : image.shape[1] // 8 * 8]


def restormer_dual(path: Path) -> np.ndarray:
    """16-bit RGB / 65535 in float32, whole."""
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB).astype(np.float32) / np.float32(65535)


def drbnet(path: Path) -> np.ndarray:
    """8-bit, cut to a multiple of 16."""
    image = eight_bits(path)
    return image[: image.shape[0] // 16 * 16, : image.shape[1] // 16 * 16]


def dpdnet_16bit(path: Path) -> np.ndarray:
    """16-bit BGR / 65535 in float64, portrait images turned, 1680x1120."""
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if pixels.shape[0] > pixels.shape[1]:
        pixels = cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE)
    return cv2.resize(pixels / 65535, (1680, 1120))


def nrknet_pad(image: np.ndarray) -> np.ndarray:
    """Reflected on all sides by half of what is missing to a multiple of 16, rounded down."""
    height, width = image.shape[:2]
    high, wide = int((int(np.ceil(height / 16) * 16) - height) / 2), int((int(np.ceil(width / 16) * 16) - width) / 2)
    return cv2.copyMakeBorder(image, high, high, wide, wide, cv2.BORDER_REFLECT_101)


def nrknet(path: Path) -> np.ndarray:
    """8-bit **BGR** / 255, as OpenCV reads it, with the padding."""
    return nrknet_pad(cv2.imread(str(path))) / np.float32(255)


def gaussian_ssim(output: np.ndarray, target: np.ndarray, peak: float) -> float:
    """SSIM of ``pytorch_msssim``: 11 weights of sigma 1.5 px each way, no padding, mean over pixels and channels."""
    offsets = torch.arange(11, dtype=torch.float64) - 5
    weights = torch.exp(-(offsets**2) / (2 * 1.5**2))
    window = (weights / weights.sum()).repeat(3, 1, 1, 1)

    def blurred(image: Tensor) -> Tensor:
        return functional.conv2d(functional.conv2d(image, window.transpose(2, 3), groups=3), window, groups=3)

    x, y = (torch.from_numpy(np.ascontiguousarray(image)).double().permute(2, 0, 1)[None] for image in (output, target))
    mean_x, mean_y = blurred(x), blurred(y)
    var_x, var_y = blurred(x * x) - mean_x**2, blurred(y * y) - mean_y**2
    covariance = blurred(x * y) - mean_x * mean_y
    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    structure = (2 * covariance + c2) / (var_x + var_y + c2)
    return float(((2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1) * structure).mean())


def nrknet_scores(output: np.ndarray, target: np.ndarray, alexnet: AlexNetDistance, border: int) -> dict[str, float]:
    """The three figures of NRKNet's ``test.py``, of BGR images (H, W, 3) in [0, 1], the output beyond it in places."""
    inside = (slice(border, output.shape[0] - border), slice(border, output.shape[1] - border))
    rounded = np.round(output[inside] * np.float32(255))
    truth = np.round(target[inside] * np.float32(255))
    error = np.mean((np.clip(rounded, 0, 255).astype(np.float64) - truth) ** 2)
    scaled = (rounded / np.float32(255)).astype(np.float32)
    return {
        "psnr": float(10 * np.log10(255**2 / error)),
        "ssim": gaussian_ssim(rounded, truth, 255),
        "lpips": alexnet(np.ascontiguousarray(scaled), np.ascontiguousarray(target[inside])),
    }
