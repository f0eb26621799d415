"""A metric is given what its card asks for, and left out where that does not exist."""

import numpy as np
import torch

from benchmark.metrics.base import Metric, MetricInputs, metric, score_by
from benchmark.metrics.card import MetricCard, Need, OverPixels
from realdof.matching.blur import blur_map


def metric_of(*needs: Need, returns: object = None, averaged: OverPixels | None = None) -> tuple[Metric, list[dict]]:
    """A metric that notes what it is called with."""
    calls: list[dict] = []

    @metric(
        MetricCard(
            name="m", title="M", better="higher", decimals=2, range=(0.0, 9.0), needs=frozenset(needs),
            averaged=averaged or "images", source="a test",
        )
    )  # fmt: skip
    def measure(**images: torch.Tensor) -> float:
        calls.append(images)
        return 1.0 if returns is None else returns  # type: ignore[return-value]

    return measure, calls


def images(side: int = 96) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {name: torch.rand(3, side, side, generator=generator) for name in ("output", "target", "input")}


def test_each_need_is_a_keyword() -> None:
    given = images()
    measure, calls = metric_of("output", "input", "blur map")
    assert score_by({"m": measure}, MetricInputs(**given)) == {"m": 1.0}
    (call,) = calls
    assert call.keys() == {"output", "input", "blur_map"}
    assert call["input"] is given["input"]


def test_the_blur_map_is_that_of_input_and_target_in_blocks() -> None:
    given = images()
    found = MetricInputs(**given).blur_map
    source, target = (given[name].permute(1, 2, 0).numpy() for name in ("input", "target"))
    np.testing.assert_array_equal(found, np.asarray(blur_map(source, target).sigma, np.float32))


def test_a_metric_without_reference_is_measured_where_there_is_no_target() -> None:
    blind, _ = metric_of("output")
    referenced, calls = metric_of("output", "target")
    mapped, _ = metric_of("output", "blur map")
    without = MetricInputs(**images() | {"target": None})
    assert score_by({"blind": blind, "referenced": referenced, "mapped": mapped}, without) == {"blind": 1.0}
    assert not calls


def test_a_metric_over_pixels_gives_its_two_scores() -> None:
    both = {"mse@x": 0.25, "share@x": 0.5}
    measure, _ = metric_of("output", returns=both, averaged=OverPixels(error="mse@x", share="share@x"))
    assert score_by({"m": measure}, MetricInputs(**images())) == both
