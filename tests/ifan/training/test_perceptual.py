"""LPIPS as a loss: the metric's value, and a gradient that lowers it."""

import pytest
import torch

from benchmark.metrics.lpips.metric import LPIPS
from ifan.training.perceptual import PerceptualLoss


def noisy() -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(5)
    target = torch.rand(2, 3, 64, 64, generator=random)
    return (target + 0.2 * torch.randn(2, 3, 64, 64, generator=random)).clamp(0, 1), target


def test_the_loss_of_a_batch_is_the_mean_of_the_metric() -> None:
    output, target = noisy()
    metric = LPIPS()
    mean = sum(metric(one, other) for one, other in zip(output, target, strict=True)) / 2
    assert PerceptualLoss()(output, target).item() == pytest.approx(mean, rel=1e-4)


def test_a_step_against_the_gradient_lowers_it_and_changes_no_weight() -> None:
    output, target = noisy()
    loss = PerceptualLoss()
    output.requires_grad_(True)
    before = loss(output, target)
    before.backward()
    assert output.grad is not None
    assert all(not value.requires_grad for value in loss.parameters())
    with torch.no_grad():
        assert loss(output - 0.5 * output.grad / output.grad.norm(), target) < before


def test_flat_images_have_a_finite_gradient() -> None:
    output = torch.zeros(1, 3, 64, 64, requires_grad=True)
    PerceptualLoss()(output, torch.zeros(1, 3, 64, 64)).backward()
    assert output.grad is not None
    assert bool(torch.isfinite(output.grad).all())
