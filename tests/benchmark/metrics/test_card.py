"""The card of a metric: what it refuses, and that it survives a file."""

import json
import math

import pytest
from pydantic import ValidationError

from benchmark import registry
from benchmark.metrics.card import MetricCard, OverPixels

GOOD = {"name": "gap", "title": "Gap", "better": "lower", "decimals": 3, "range": (0.0, math.inf), "source": "a test"}


@pytest.mark.parametrize("name", registry.names(registry.METRICS))
def test_a_card_that_was_written_to_json_is_read_as_it_was(name: str) -> None:
    card = registry.metric_card(name)
    assert MetricCard.model_validate(json.loads(card.model_dump_json())) == card


@pytest.mark.parametrize("protocol", ["aligned", "blur-stratified"])
def test_cards_of_a_protocols_own_figures_survive_json_too(protocol: str) -> None:
    cards = registry.protocol(protocol).beside
    assert cards
    for card in cards:
        assert MetricCard.model_validate(json.loads(card.model_dump_json())) == card


@pytest.mark.parametrize(
    "wrong",
    [
        {"better": "up"}, {"decimals": -1}, {"decimals": 2.5}, {"name": "With space"}, {"name": ""}, {"title": ""},
        {"needs": {"depth"}}, {"averaged": "median"}, {"range": (0.0,)}, {"colour": "red"}, {"lower_is_better": True},
    ],
    ids=str,
)  # fmt: skip
def test_a_wrong_card_is_refused(wrong: dict[str, object]) -> None:
    MetricCard(**GOOD)  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        MetricCard(**GOOD | wrong)  # type: ignore[arg-type]


def test_a_card_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        MetricCard(**GOOD).decimals = 5  # type: ignore[misc, arg-type]


def test_a_figure_over_pixels_is_recorded_by_its_share() -> None:
    card = MetricCard(**GOOD | {"averaged": OverPixels(error="mse@x", share="share@x")})  # type: ignore[arg-type]
    assert card.recorded_as("gap") == "share@x"
    assert MetricCard(**GOOD).recorded_as("column") == "column"  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "arrow"), [("psnr", "↑"), ("mae", "↓"), ("lpips", "↓")])
def test_an_arrow_points_up_where_higher_is_better(name: str, arrow: str) -> None:
    assert registry.metric_card(name).arrow == arrow
