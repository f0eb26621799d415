"""JPEG compression of a batch of pictures, computed on their device."""

import math

import torch
from torch import Tensor
from torch.nn import functional

BLOCK = 8
_LUMINANCE = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
_CHROMINANCE = (
    (17, 18, 24, 47, 99, 99, 99, 99),
    (18, 21, 26, 66, 99, 99, 99, 99),
    (24, 26, 56, 99, 99, 99, 99, 99),
    (47, 66, 99, 99, 99, 99, 99, 99),
    *((99,) * 8,) * 4,
)
_TO_YCC = ((0.299, 0.587, 0.114), (-0.168735892, -0.331264108, 0.5), (0.5, -0.418687589, -0.081312411))
_TO_RGB = ((1.0, 0.0, 1.402), (1.0, -0.344136286, -0.714136286), (1.0, 1.772, 0.0))


def compress(images: Tensor, quality: Tensor, halved: Tensor, offset: tuple[int, int] = (0, 0)) -> Tensor:
    """Compress and decompress like the IJG library at a quality (ITU-T T.81, Annex K).

    Parameters
    ----------
    images
        float32 (N, 3, H, W) in [0, 1], RGB, sRGB-encoded; H and W are multiples of 16.
    quality
        float32 (N,), 1 to 100.
    halved
        bool (N,): whether chroma has half the size in both directions (4:2:0) instead of full size.
    offset
        Offset of the block grid in rows and columns, 0 to 15, because patches are rarely aligned with the blocks of
        their photograph.

    Returns
    -------
    Tensor
        Shaped and typed like ``images``, in steps of 1 / 255.
    """
    top, left = offset
    height, width = images.shape[-2:]
    whole = 2 * BLOCK
    padding = (left, -(left + width) % whole, top, -(top + height) % whole)
    levels = functional.pad(torch.round(images.clamp(0, 1) * 255), padding, mode="replicate")
    # The library rounds to integers between its steps.
    ycc = torch.round(_mixed(levels, _TO_YCC)) - levels.new_tensor([128.0, 0.0, 0.0])[:, None, None]
    tables = _tables(quality)
    luma = _quantised(ycc[:, :1], tables[0])
    full = _quantised(ycc[:, 1:], tables[1])
    small = _quantised(functional.avg_pool2d(ycc[:, 1:], 2), tables[1])
    small = functional.interpolate(small, scale_factor=2, mode="bilinear", align_corners=False)
    chroma = torch.where(halved[:, None, None, None], small, full)
    rgb = _mixed(torch.cat([luma + 128, chroma], dim=1), _TO_RGB)
    return torch.round(rgb.clamp(0, 255))[:, :, top : top + height, left : left + width] / 255


def _mixed(images: Tensor, matrix: tuple[tuple[float, ...], ...]) -> Tensor:
    return torch.einsum("oc,nchw->nohw", images.new_tensor(matrix), images)


def _tables(quality: Tensor) -> Tensor:
    """Return the quantisation tables of luma and chroma for each quality: float32 (2, N, 8, 8)."""
    # Integer arithmetic of libjpeg's jpeg_quality_scaling and jpeg_add_quant_table.
    quality = torch.round(quality)
    percent = torch.where(quality < 50, torch.floor(5000 / quality), 200 - 2 * quality)
    base = quality.new_tensor([_LUMINANCE, _CHROMINANCE])[:, None]
    return torch.floor((base * percent[None, :, None, None] + 50) / 100).clamp(1, 255)


def _cosines(like: Tensor) -> Tensor:
    """Return the orthonormal matrix of the 8-point DCT: rows are frequencies, columns positions."""
    place = torch.arange(BLOCK, device=like.device, dtype=torch.float32)
    matrix = torch.cos((2 * place[None] + 1) * place[:, None] * math.pi / (2 * BLOCK)) / 2
    return matrix * torch.where(place == 0, 1 / math.sqrt(2), 1.0)[:, None]


def _quantised(planes: Tensor, table: Tensor) -> Tensor:
    """Quantise the DCT of planes (N, C, H, W), sides multiples of 8, with a table (N, 8, 8), and invert it."""
    count, channels, height, width = planes.shape
    blocks = planes.view(count, channels, height // BLOCK, BLOCK, width // BLOCK, BLOCK)
    cosines, steps = _cosines(planes), table[:, None, None, :, None, :]
    spectrum = torch.einsum("ui,nchiwj,vj->nchuwv", cosines, blocks, cosines)
    spectrum = torch.round(spectrum / steps) * steps
    return torch.round(torch.einsum("ui,nchuwv,vj->nchiwj", cosines, spectrum, cosines)).reshape(planes.shape)
