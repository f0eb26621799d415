"""pyiqa itself, where it is installed: run in an environment of its own, ``pip install ifan-bench[iqa]``."""

import importlib.util
import math

import pytest
import skimage.data
import torch
from torch import Tensor

from benchmark import registry
from benchmark.metrics.psnr import PSNR
from benchmark.metrics.ssim import GaussianSSIM
from realdof.common.machine.torchvision import import_torchvision
from realdof.images.depth import image_from_pixels

pytestmark = pytest.mark.skipif(importlib.util.find_spec("pyiqa") is None, reason="pyiqa is not installed")

WITHOUT_WEIGHTS = (
    "psnr", "psnry", "ssim", "ssimc", "ms_ssim", "cw_ssim", "fsim", "vsi", "gmsd", "nlpd", "vif",
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def beside_a_torch_for_cpus() -> None:
    import_torchvision()


@pytest.fixture(scope="module")
def target() -> Tensor:
    return image_from_pixels(skimage.data.coffee()[40:296, 60:380])


def noisy(target: Tensor, deviation: float) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return (target + deviation * torch.randn(target.shape, generator=generator)).clamp(0, 1)


def test_directions_are_those_of_pyiqas_own_models(target: Tensor) -> None:
    import pyiqa

    for name in WITHOUT_WEIGHTS:
        model = pyiqa.create_metric(name, device=torch.device("cpu"))
        assert registry.metric_card(f"pyiqa:{name}").lower_is_better == model.lower_better


@pytest.mark.parametrize("name", WITHOUT_WEIGHTS)
def test_the_score_is_pyiqas_and_more_noise_is_worse(name: str, target: Tensor) -> None:
    import pyiqa

    model = pyiqa.create_metric(name, device=torch.device("cpu"))
    measure = registry.metric(f"pyiqa:{name}")
    output = noisy(target, 0.03)
    value = measure(output=output, target=target)
    assert value == pytest.approx(float(model(output[None], target[None])), abs=1e-6)
    worse = measure(output=noisy(target, 0.2), target=target)
    assert worse > value if measure.card.lower_is_better else worse < value
    low, high = measure.card.range
    assert low <= value <= high
    assert low <= measure(output=target, target=target) <= high


def test_its_psnr_is_ours_but_for_identical_images(target: Tensor) -> None:
    measure, output = registry.metric("pyiqa:psnr"), noisy(target, 0.03)
    assert measure(output=output, target=target) == pytest.approx(PSNR()(output, target), abs=1e-3)
    assert measure(output=target, target=target) == pytest.approx(80, abs=1e-3)
    assert PSNR()(target, target) == math.inf


def test_its_psnry_is_not_psnr_y_and_its_ssim_is_not_on_rgb(target: Tensor) -> None:
    output = noisy(target, 0.03)

    def score(name: str) -> float:
        return registry.metric(name)(output=output, target=target)

    # YIQ's luma spans 255 levels, that of BT.601 with headroom 219: 20 log10(255 / 219) = 1.32 dB.
    assert score("psnr-y") - score("pyiqa:psnry") == pytest.approx(20 * math.log10(255 / 219), abs=0.02)
    assert abs(score("pyiqa:ssim") - score("pyiqa:ssimc")) > 0.01
    assert score("pyiqa:ssimc") == pytest.approx(GaussianSSIM()(output, target), abs=2e-3)


def test_a_no_reference_metric_without_weights_gives_the_same_value_every_time(target: Tensor) -> None:
    measure = registry.metric("pyiqa:piqe")
    assert measure(output=target) == measure(output=target.clone())
    assert registry.metric("pyiqa:piqe@input")(input=target) == measure(output=target)
