"""The figures of a run: means, medians and what they leave out."""

import math

import pytest

from benchmark.results.record import Record
from benchmark.results.summary import summarise


def ok(name: str, stages: dict[str, float] | None = None, **scores: float) -> Record:
    return Record(name=name, status="ok", scores=scores, stages=stages or {})


@pytest.mark.parametrize("infinite", [math.inf, -math.inf])
def test_the_mean_of_scores_is_infinite_with_the_sign_of_the_infinite_one(infinite: float) -> None:
    assert summarise([ok("a", psnr=30.0), ok("b", psnr=infinite)], 2).scores == {"psnr": infinite}


def test_a_metric_with_infinities_of_both_signs_has_no_mean_and_the_others_keep_theirs() -> None:
    records = [ok("a", odd=math.inf, mae=0.1), ok("b", odd=-math.inf, mae=0.3)]
    assert summarise(records, 2).scores == {"mae": pytest.approx(0.2)}


def test_a_stage_that_some_images_went_through_has_the_median_over_those() -> None:
    records = [
        ok("a", {"map": 1.0}),
        ok("b", {"map": 2.0, "deconvolution": 5.0}),
        ok("c", {"deconvolution": 7.0, "map": 9.0}),
        ok("d"),
    ]
    assert summarise(records, 4).stages == {"map": 2.0, "deconvolution": 6.0}
