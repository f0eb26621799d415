"""In-focus harm: an identity scores 0, smoothing scores below 0, and only pixels that are in focus count."""

import math
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from made_results import made_record, made_settings, open_run
from torch import Tensor

from benchmark import registry
from benchmark.leaderboards.column import Column
from benchmark.metrics.base import MetricInputs, score_by
from benchmark.metrics.card import OverPixels, ShareHarmed
from benchmark.metrics.in_focus import AGAINST, ERROR, HARM, HARMED, SHARE, InFocusHarm
from benchmark.results.cards import KnownCard
from benchmark.results.record import Record
from benchmark.results.summary import summarise
from realdof.images.depth import image_from_pixels

PHOTOGRAPHS = {name: getattr(skimage.data, name)()[..., :3] for name in ("coffee", "chelsea", "astronaut")}


def scene(name: str, top: int, left: int, sigma: float, seed: int = 0) -> tuple[Tensor, Tensor]:
    """A defocused image, whose right half is blurred and which is a little noisy, and its all-in-focus image."""
    truth = PHOTOGRAPHS[name][top : top + 192, left : left + 256].astype(np.float32) / 255
    defocused = truth.copy()
    defocused[:, 128:] = cv2.GaussianBlur(truth, (0, 0), sigma)[:, 128:]
    defocused += np.random.default_rng(seed).normal(0, 1 / 255, truth.shape)
    images = [image_from_pixels((np.clip(one, 0, 1) * 255).round().astype(np.uint8)) for one in (defocused, truth)]
    return images[0], images[1]


def harm_of(output: Tensor, image: Tensor, target: Tensor) -> dict[str, float]:
    return score_by({HARM.name: InFocusHarm()}, MetricInputs(output, target, image))


def figures(*scores: dict[str, float]) -> tuple[float | None, float | None]:
    """Both figures of a data set with these images' scores, as tables show them."""
    records = [made_record(f"{number}", "ok", one) for number, one in enumerate(scores)]
    columns = [Column.of(card.name, KnownCard(card, True)) for card in (HARM, HARMED)]
    summary = summarise(records, len(records))
    return columns[0].measured(summary, records), columns[1].measured(summary, records)


scenes = st.builds(
    scene, st.sampled_from(sorted(PHOTOGRAPHS)), st.integers(0, 100), st.integers(0, 150), st.floats(1, 4),
    st.integers(0, 2**32 - 1),
)  # fmt: skip


@given(scenes)
@settings(deadline=None, max_examples=15)
def test_a_method_that_returns_its_input_scores_exactly_0_and_harms_no_image(pair: tuple[Tensor, Tensor]) -> None:
    image, target = pair
    scores = harm_of(image.clone(), image, target)
    assert scores[SHARE] > 0
    assert figures(scores) == (0.0, 0.0)


@given(scenes, st.floats(1, 5))
@settings(deadline=None, max_examples=15)
def test_a_method_that_smooths_scores_below_0_and_harms_the_image(pair: tuple[Tensor, Tensor], sigma: float) -> None:
    image, target = pair
    smooth = torch.from_numpy(cv2.GaussianBlur(image.permute(1, 2, 0).numpy(), (0, 0), sigma)).permute(2, 0, 1)
    harm, harmed = figures(harm_of(smooth, image, target))
    assert harm is not None
    assert harm < -1
    assert harmed == 100


@given(scenes)
@settings(deadline=None, max_examples=10)
def test_the_truth_scores_infinitely_high(pair: tuple[Tensor, Tensor]) -> None:
    image, target = pair
    assert figures(harm_of(target.clone(), image, target)) == (math.inf, 0.0)


def test_what_happens_to_the_blurred_half_does_not_count() -> None:
    image, target = scene("chelsea", 20, 30, 3.0)
    output = image.clone()
    output[:, :, 160:] = 0
    assert figures(harm_of(output, image, target)) == (0.0, 0.0)
    output = image.clone()
    output[:, :, :64] *= 0.9
    assert figures(harm_of(output, image, target))[0] < -10  # type: ignore[operator]


def test_an_image_that_is_blurred_or_flat_everywhere_has_a_share_of_0_and_takes_no_part() -> None:
    image, target = scene("chelsea", 20, 30, 3.0)
    unknown = torch.full((6, 8), 3.0)
    unknown[0] = math.nan
    scores = dict(InFocusHarm()(image, target, image, unknown))
    assert scores == {SHARE: 0.0}
    assert figures(scores) == (None, None)
    assert figures(scores, harm_of(image, image, target)) == (0.0, 0.0)


def test_the_figure_is_over_all_pixels_in_focus_and_the_share_is_of_images_that_lose_more_than_0_05_db() -> None:
    large = {SHARE: 0.9, ERROR: 2e-4, AGAINST: 1e-4}
    little = {SHARE: 0.1, ERROR: 1e-4, AGAINST: 1.001e-4}
    barely = {SHARE: 0.5, ERROR: 1.01e-4, AGAINST: 1e-4}
    none = {SHARE: 0.0}
    harm, harmed = figures(large, little, barely, none)
    assert harm == pytest.approx(10 * math.log10((0.9 + 0.1001 + 0.5) / (1.8 + 0.1 + 0.505)))
    assert harmed == pytest.approx(100 / 3), "the loss of 0.043 dB is under the limit"


def test_a_loss_where_the_input_has_no_error_is_infinite() -> None:
    assert figures({SHARE: 0.5, ERROR: 1e-6, AGAINST: 0.0}) == (-math.inf, 100)
    assert figures({SHARE: 0.5, ERROR: 0.0, AGAINST: 0.0}) == (0.0, 0.0)


def test_the_blur_banded_protocol_gives_the_same_scores_as_the_metric() -> None:
    from benchmark.method import Sample

    image, target = scene("chelsea", 20, 30, 2.0)
    output = (image * 0.98 + 0.005).clamp(0, 1)
    protocol = registry.protocol("blur-stratified")
    scores = protocol.score(output, Sample("a", image, target=target), {})
    alone = harm_of(output, image, target)
    assert {name: scores[name] for name in alone} == alone
    assert scores[ERROR] == scores["mse@0-0.5"], "in focus is the first band"
    assert [card.name for card in protocol.beside][-2:] == ["in-focus-harm", "in-focus-harmed"]


def test_a_run_that_was_scored_by_it_has_both_columns_in_its_leaderboard(tmp_path: Path) -> None:
    from benchmark.leaderboards.build import build
    from benchmark.leaderboards.render.formats import to_csv, to_table

    for method, error in (("harms", 2e-4), ("keeps", 1e-4), ("mends", 0.5e-4)):
        run = open_run(
            tmp_path, made_settings(method=method, count=2), metrics={HARM.name: HARM, HARMED.name: HARMED}
        )  # fmt: skip
        for name in ("a", "b"):
            scores = {"psnr": 25.0, "ssim": 0.7, SHARE: 0.5, ERROR: error, AGAINST: 1e-4}
            run.append(Record(name=name, status="ok", scores=scores))
        run.finish(run.summary())
    board = build(tmp_path, "dpdd", "ifan-cvpr21", sort="in-focus-harm")
    measured = [row for row in board.rows if row.kind == "measured"]
    assert [row.method for row in measured] == ["mends", "keeps", "harms"]
    assert [row.figures["in-focus-harm"] for row in measured] == pytest.approx([3.0103, 0.0, -3.0103])
    assert [row.figures["in-focus-harmed"] for row in measured] == [0.0, 0.0, 100.0]
    assert "in-focus-harm,in-focus-harmed" in to_csv(board).splitlines()[0]
    table = to_table(board)
    assert "In-focus harm ↑" in table.columns
    assert any("below 0 is damage" in note for note in table.notes)


def test_its_cards_name_the_scores_that_every_image_has() -> None:
    assert HARM.recorded_as(HARM.name) == SHARE
    for averaged, kind in ((HARM.averaged, OverPixels), (HARMED.averaged, ShareHarmed)):
        assert isinstance(averaged, kind)
        assert averaged.scores == {ERROR, AGAINST, SHARE}


def test_groups_of_images_have_their_own_harm(tmp_path: Path) -> None:
    from benchmark.leaderboards.build import build
    from benchmark.leaderboards.grouped import by_group

    run = open_run(tmp_path, made_settings(method="m", count=2), metrics={HARM.name: HARM, HARMED.name: HARMED})
    for name, error in (("a", 2e-4), ("b", 0.5e-4)):
        scores = {"psnr": 25.0, SHARE: 0.5, ERROR: error, AGAINST: 1e-4}
        run.append(Record(name=name, status="ok", scores=scores, groups={"f-stop": f"f/{name}"}))
    run.finish(run.summary())
    table = by_group(build(tmp_path, "dpdd", "ifan-cvpr21"), "f-stop")
    at = [table.columns.index(heading) for heading in ("In-focus harm ↑", "Harmed in focus, % ↓")]
    assert [[row[column].text for column in at] for row in table.rows[:2]] == [["-3.01", "100"], ["3.01", "0"]]


@pytest.mark.parametrize(
    ("figures", "mean"),
    [([(1e-4, 0.0), (0.5e-4, 1e-4)], "-inf"), ([(0.0, 1e-4), (0.5e-4, 1e-4)], "inf"), ([(1e-4, 0), (0, 1e-4)], "")],
)
def test_the_mean_over_groups_has_the_sign_of_an_infinite_harm_and_is_empty_for_both(
    figures: list[tuple[float, float]], mean: str, tmp_path: Path
) -> None:
    from benchmark.leaderboards.build import build
    from benchmark.leaderboards.grouped import by_group

    run = open_run(tmp_path, made_settings(method="m", count=2), metrics={HARM.name: HARM, HARMED.name: HARMED})
    for name, (error, against) in zip("ab", figures, strict=True):
        scores = {"psnr": 25.0, SHARE: 0.5, ERROR: error, AGAINST: against}
        run.append(Record(name=name, status="ok", scores=scores, groups={"f-stop": f"f/{name}"}))
    run.finish(run.summary())
    table = by_group(build(tmp_path, "dpdd", "ifan-cvpr21"), "f-stop")
    assert table.rows[-1][table.columns.index("In-focus harm ↑")].text == mean
