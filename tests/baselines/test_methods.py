"""The methods `input` and `hyper-laplacian`."""

import cv2
import numpy as np
import pytest
import torch
from skimage import data
from torch import Tensor

from baselines.identity import Input
from baselines.map_based.hyper_laplacian import HyperLaplacian
from benchmark.method import Context, Sample


def disc(radius: float) -> np.ndarray:
    """A disc kernel, each pixel weighted by how much of it the disc covers."""
    reach = int(np.ceil(radius))
    fine = (np.arange((2 * reach + 1) * 8) + 0.5) / 8 - reach - 0.5
    inside = np.hypot(fine[:, None], fine[None, :]) <= radius
    kernel = inside.reshape(2 * reach + 1, 8, 2 * reach + 1, 8).mean(axis=(1, 3))
    return kernel / kernel.sum()


def photograph(radius: float) -> tuple[Tensor, Tensor]:
    """A sharp photograph, and the same defocused by a disc."""
    pixels = data.immunohistochemistry().astype(np.float32) / 255
    sharp = cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    defocused = cv2.filter2D(sharp, -1, disc(radius), borderType=cv2.BORDER_REFLECT)
    return tuple(torch.from_numpy(pixels).permute(2, 0, 1).contiguous() for pixels in (sharp, defocused))


def psnr(a: Tensor, b: Tensor) -> float:
    return -10 * torch.log10((a.clamp(0, 1) - b).square().mean()).item()


def test_input_returns_the_defocused_image_itself() -> None:
    image = torch.rand(3, 64, 64)
    assert Input.load().deblur(Sample("a", image), Context()).image is image


@pytest.mark.parametrize("radius", [3.0, 4.0])
def test_hyper_laplacian_improves_a_defocused_photograph(radius: float) -> None:
    sharp, defocused = photograph(radius)
    result = HyperLaplacian.load().deblur(Sample("ihc", defocused), Context()).image
    assert result.shape == defocused.shape
    assert result.dtype == torch.float32
    assert psnr(result, sharp) > psnr(defocused, sharp) + 0.4


def test_hyper_laplacian_leaves_a_sharp_photograph_nearly_as_it_is() -> None:
    image = torch.from_numpy(data.brick()[:256:2, :256:2].copy()).float().div(255).expand(3, -1, -1).contiguous()
    assert psnr(HyperLaplacian.load().deblur(Sample("brick", image), Context()).image, image) > 45


def test_hyper_laplacian_returns_an_image_without_edges_to_the_bit() -> None:
    image = torch.full((3, 64, 72), 0.3)
    assert torch.equal(HyperLaplacian.load().deblur(Sample("flat", image), Context()).image, image)
