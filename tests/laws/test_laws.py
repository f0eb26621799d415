"""Laws that hold whatever the images are: limits and symmetries of metrics, exactness of what is exact."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from made_results import made_record, make_run

from benchmark import registry
from benchmark.leaderboards.statistics import compare_paired
from benchmark.results.merge import merge
from benchmark.results.summary import summarise
from benchmark.tiling import Tiling
from realdof.images.colour import linear_to_srgb, srgb_to_linear
from realdof.images.depth import image_from_pixels, pixels_from_image, to_eight_bits

law = settings(max_examples=25, database=None, deadline=None, suppress_health_check=list(HealthCheck))
METRICS = ("psnr", "ssim", "ssim-gaussian", "mae")


def image_of(number: int, size: tuple[int, int] = (32, 40)) -> torch.Tensor:
    return torch.rand(3, *size, generator=torch.Generator().manual_seed(number))


def score(name: str, output: torch.Tensor, target: torch.Tensor) -> float:
    return float(registry.metric(name)(output=output, target=target))


@seed(16)
@law
@given(number=st.integers(0, 10**6), name=st.sampled_from(METRICS))
def test_a_perfect_result_scores_perfectly_and_no_other_does(number: int, name: str) -> None:
    image, other = image_of(number), image_of(number + 1)
    low, high = registry.metric_card(name).range
    best = low if registry.metric_card(name).better == "lower" else high
    assert score(name, image, image.clone()) == pytest.approx(best)
    assert low <= score(name, image, other) <= high
    assert score(name, image, other) != pytest.approx(best)


@seed(16)
@law
@given(number=st.integers(0, 10**6), name=st.sampled_from(METRICS))
def test_metrics_are_symmetric_and_unmoved_by_flips_of_both(number: int, name: str) -> None:
    a, b = image_of(number), image_of(number + 7)
    plain = score(name, a, b)
    assert score(name, b, a) == pytest.approx(plain, rel=1e-5)
    for axis in (1, 2):
        assert score(name, a.flip(axis).contiguous(), b.flip(axis).contiguous()) == pytest.approx(plain, rel=1e-4)


@seed(16)
@law
@given(number=st.integers(0, 10**6), step=st.floats(0.001, 0.2))
def test_psnr_and_mae_of_a_constant_error_are_the_formulas(number: int, step: float) -> None:
    image = image_of(number) * (1 - step)
    assert score("mae", image + step, image) == pytest.approx(step, rel=1e-3)
    assert score("psnr", image + step, image) == pytest.approx(-20 * np.log10(step), abs=1e-2)


@seed(16)
@law
@given(number=st.integers(0, 10**6), bits=st.sampled_from((8, 16)))
def test_pixels_survive_the_way_through_an_image_and_a_second_way_changes_nothing(number: int, bits: int) -> None:
    dtype = np.uint8 if bits == 8 else np.uint16
    pixels = np.random.default_rng(number).integers(0, 2**bits, (9, 11, 3)).astype(dtype)
    assert np.array_equal(pixels_from_image(image_from_pixels(pixels), bits), pixels)
    once = to_eight_bits(pixels)
    assert np.array_equal(to_eight_bits(once), once)


@seed(16)
@law
@given(number=st.integers(0, 10**6))
def test_srgb_and_linear_light_undo_each_other(number: int) -> None:
    values = np.random.default_rng(number).random((7, 8, 3), dtype=np.float32)
    np.testing.assert_allclose(linear_to_srgb(srgb_to_linear(values)), values, atol=2e-6)


@seed(16)
@law
@given(order=st.permutations(range(6)))
def test_figures_do_not_depend_on_the_order_of_records(order: list[int]) -> None:
    values = np.random.default_rng(3).normal(25, 2, 6)
    records = [made_record(f"{at}", "ok", {"psnr": float(values[at])}, 0.5) for at in range(6)]
    shuffled = summarise([records[at] for at in order], 6)
    assert shuffled.scores["psnr"] == pytest.approx(summarise(records, 6).scores["psnr"], rel=1e-12)


@seed(16)
@law
@given(number=st.integers(0, 10**6))
def test_comparing_the_other_way_round_changes_the_sign_and_no_p_value(number: int) -> None:
    generator = np.random.default_rng(number)
    a, b = generator.normal(25, 2, 20), generator.normal(25, 2, 20)
    there, back = compare_paired(a, b, lower_is_better=False), compare_paired(b, a, lower_is_better=False)
    assert there.difference.mean == pytest.approx(-back.difference.mean)
    assert there.wilcoxon_p == pytest.approx(back.wilcoxon_p)
    assert (there.wins, there.losses) == (back.losses, back.wins)


@pytest.mark.parametrize("step", [1e-38, -1e-38, 1e-15])
def test_a_difference_of_rounding_is_none_whatever_its_sign(step: float) -> None:
    zero = np.zeros(12)
    changed = zero.copy()
    changed[3] = step
    found = compare_paired(changed, zero, lower_is_better=False)
    assert (found.wilcoxon_p, found.bootstrap_p, found.wins, found.ties) == (1.0, 1.0, 0, 12)


def test_merging_two_shards_equals_one_run(tmp_path: Path) -> None:
    values = [25.0, 26.0, 27.5, 24.0]
    whole = make_run(tmp_path / "whole", "a", values)
    for number, kept in enumerate(((0, 2), (1, 3))):
        shard = make_run(tmp_path / f"shard{number}", "a", values)
        lines = (shard.path / "records.jsonl").read_text().splitlines()
        (shard.path / "records.jsonl").write_text("".join(lines[at] + "\n" for at in kept))
    for number in (1, 0):
        merged = merge(tmp_path / f"shard{number}", tmp_path / "merged")[0].run
    assert merged.summary().scores == pytest.approx(whole.summary().scores)
    assert merged.records().keys() == whole.records().keys()
    # Once more brings nothing.
    assert merge(tmp_path / "shard0", tmp_path / "merged")[0].records == 0


@seed(16)
@law
@given(height=st.integers(1, 300), width=st.integers(1, 300))
def test_tiles_cover_every_pixel_once(height: int, width: int) -> None:
    seen = np.zeros((height, width), int)
    for tile in Tiling(96, 16).tiles(height, width):
        seen[tile.core] += 1
    assert (seen == 1).all()
