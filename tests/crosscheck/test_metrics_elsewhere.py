"""Our metrics against scikit-image, torchmetrics and piq on one photograph with noise."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from skimage.color import rgb2ycbcr
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torch import Tensor

from benchmark import registry
from benchmark.metrics.lpips.trunk import load_trunk
from realdof.images.depth import image_from_pixels

Module = Callable[[str], Any]
Agree = Callable[..., None]


@pytest.fixture
def pair(photograph: np.ndarray, degraded: np.ndarray) -> tuple[Tensor, Tensor]:
    """Output and target, float32 (3, H, W)."""
    return image_from_pixels(degraded), image_from_pixels(photograph)


@pytest.fixture
def batches(pair: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """The same in float64 as batches of one: float32 would hide what is compared under its rounding."""
    return pair[0][None].double(), pair[1][None].double()


def of(name: str, pair: tuple[Tensor, Tensor]) -> float:
    return registry.metric(name)(output=pair[0], target=pair[1])


def test_psnr(pair: Any, batches: Any, module: Module, agree: Agree) -> None:
    ours = of("psnr", pair)
    first, second = (image[0].numpy() for image in batches)
    agree("psnr", "scikit-image", ours, peak_signal_noise_ratio(second, first, data_range=1), at_most=1e-9, unit="dB")
    torchmetrics = module("torchmetrics.functional.image")
    theirs = torchmetrics.peak_signal_noise_ratio(*batches, data_range=1.0)
    # Its logarithm is computed in float32.
    agree("psnr", "torchmetrics", ours, theirs, at_most=1e-5, unit="dB")
    # piq adds 1e-8 to the mean square.
    agree("psnr", "piq", ours, module("piq").psnr(*batches, data_range=1.0), at_most=1e-4, unit="dB")


def test_psnr_of_luma(pair: Any, batches: Any, module: Module, agree: Agree, differ: Agree) -> None:
    ours = of("psnr-y", pair)
    first, second = (rgb2ycbcr(image[0].permute(1, 2, 0).numpy())[..., 0] for image in batches)
    theirs = peak_signal_noise_ratio(second, first, data_range=255)
    agree("psnr-y", "scikit-image, rgb2ycbcr", ours, theirs, at_most=1e-9, unit="dB")
    theirs = module("piq").psnr(*batches, data_range=1.0, convert_to_greyscale=True)
    differ(
        "psnr-y", "piq, convert_to_greyscale", ours, theirs, between=(1.2, 1.5), why="Y from 0 to 255, not 16 to 235"
    )


def test_ssim(pair: Any, batches: Any, agree: Agree, differ: Agree) -> None:
    first, second = (image[0].numpy() for image in batches)
    theirs = structural_similarity(first, second, channel_axis=0, data_range=1)
    agree("ssim", "scikit-image", of("ssim", pair), theirs, at_most=1e-9)
    theirs = structural_similarity(
        first, second, channel_axis=0, data_range=1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    agree("ssim-gaussian", "scikit-image", of("ssim-gaussian", pair), theirs, at_most=1e-9)
    differ("ssim", "scikit-image, Gaussian", of("ssim", pair), theirs, between=(1e-4, 0.05), why="window")


def test_gaussian_ssim(pair: Any, batches: Any, module: Module, agree: Agree, differ: Agree) -> None:
    ours = of("ssim-gaussian", pair)
    theirs, at_each = module("torchmetrics.functional.image").structural_similarity_index_measure(
        *batches, data_range=1.0, gaussian_kernel=True, sigma=1.5, kernel_size=11, return_full_image=True
    )
    # Its kernel is made in float32.
    agree("ssim-gaussian", "torchmetrics, borders cut off", ours, at_each[..., 5:-5, 5:-5].mean(), at_most=1e-6)
    differ("ssim-gaussian", "torchmetrics", ours, theirs, between=(1e-4, 0.01), why="mirrored borders count")
    piq = module("piq")
    theirs = piq.ssim(*batches, data_range=1.0, downsample=False)
    agree("ssim-gaussian", "piq, downsample=False", ours, theirs, at_most=1e-6)
    doubled = [torch.nn.functional.interpolate(batch, scale_factor=2, mode="nearest") for batch in batches]
    ours = of("ssim-gaussian", (doubled[0][0].float(), doubled[1][0].float()))
    theirs = piq.ssim(*doubled, data_range=1.0)
    differ("ssim-gaussian", "piq, of 512 px", ours, theirs, between=(1e-3, 0.3), why="it halves images over 256 px")


def test_mean_absolute_error(pair: Any, batches: Any, module: Module, agree: Agree) -> None:
    theirs = module("torchmetrics.functional").mean_absolute_error(*(batch.contiguous() for batch in batches))
    agree("mae", "torchmetrics", of("mae", pair), theirs, at_most=1e-9)


def test_lpips(pair: Any, module: Module, agree: Agree) -> None:
    network = module("torchmetrics.functional.image.lpips")._LPIPS(pretrained=True, net="alex", pnet_rand=True)
    # Its own AlexNet would be fetched; the linear weights over it come with torchmetrics.
    trunk = load_trunk()
    network.net.load_state_dict(
        {name: trunk[f"features.{name.partition('.')[2]}"] for name in network.net.state_dict()}
    )
    with torch.inference_mode():
        theirs = network.eval()(pair[0][None], pair[1][None], normalize=True)
    agree("lpips", "torchmetrics, AlexNet's weights from ours", of("lpips", pair), theirs.item(), at_most=1e-5)
