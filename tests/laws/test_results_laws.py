"""Laws of results: the order in which runs and records came changes nothing, and parts are the whole."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from made_results import make_run, scattered

from benchmark import registry
from benchmark.leaderboards import build as boards
from benchmark.leaderboards.render import formats
from benchmark.results.merge import merge
from benchmark.results.run import Run
from benchmark.results.submission import check_submission

law = settings(max_examples=8, database=None, deadline=None, suppress_health_check=list(HealthCheck))
MEANS = {"a": 24.0, "b": 26.0, "c": 25.0, "d": 26.0}


def board(results: Path) -> tuple[str, str, list[int | None]]:
    found = boards.build(results, "dpdd", "ifan-cvpr21")
    (psnr,) = (column for column in found.metrics if column.key == "psnr")
    return formats.to_csv(found), formats.to_json(found), found.places(psnr)


@seed(16)
@settings(parent=law, max_examples=3)
@given(order=st.permutations(sorted(MEANS)))
def test_a_ranking_does_not_depend_on_the_order_of_the_runs(
    order: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    texts = []
    for which in (sorted(MEANS), order):
        results = tmp_path_factory.mktemp("results")
        for name in which:
            make_run(results, name, scattered(MEANS[name], 6, seed=ord(name)))
        texts.append(board(results))
    assert texts[0] == texts[1]


@seed(16)
@law
@given(number=st.integers(0, 10**6), parts=st.integers(1, 4))
def test_any_division_into_shards_merged_in_any_order_is_the_one_run(
    number: int, parts: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    draw = np.random.default_rng(number)
    folder = tmp_path_factory.mktemp("shards")
    whole = make_run(folder / "whole", "a", scattered(25.0, 7))
    lines = (whole.path / "records.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    owner = draw.integers(0, parts, 7)
    for part in range(parts):
        shard = make_run(folder / f"{part}", "a", scattered(25.0, 7))
        kept = [line for at, line in enumerate(lines) if owner[at] == part]
        (shard.path / "records.jsonl").write_text("".join(kept), encoding="utf-8")
    merged: Run | None = None
    for part in draw.permutation(parts):
        merged = merge(folder / f"{part}", folder / "merged")[0].run
    assert merged is not None
    assert {name: record.scores for name, record in merged.records().items()} == {
        name: record.scores for name, record in whole.records().items()
    }
    assert merged.finished
    assert merged.summary().scores == pytest.approx(whole.summary().scores, rel=1e-12)
    before = {path.name: path.read_bytes() for path in merged.path.iterdir() if path.is_file()}
    merge(folder / "0", folder / "merged")
    assert {path.name: path.read_bytes() for path in merged.path.iterdir() if path.is_file()} == before


@seed(16)
@law
@given(values=st.lists(st.floats(1, 60), min_size=2, max_size=8), shift=st.floats(-1, 1))
def test_a_mean_lies_between_the_least_and_the_greatest_and_moves_with_them(
    values: list[float], shift: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    results = tmp_path_factory.mktemp("means")
    plain = make_run(results, "a", values).summary().scores["psnr"]
    moved = make_run(results, "b", [value + shift for value in values]).summary().scores["psnr"]
    assert min(values) - 1e-9 <= plain <= max(values) + 1e-9
    assert moved == pytest.approx(plain + shift, abs=1e-9)


def test_a_run_without_fault_is_a_submission_without_a_word(tmp_path: Path) -> None:
    metrics = {name: registry.find_metric_card(name) for name in ("psnr", "ssim", "mae", "lpips")}
    run = make_run(tmp_path, "a", [25.0, 26.0, 24.5, 27.0], metrics=metrics)
    checked = check_submission(tmp_path, needs_outputs=False)
    assert [list(one.problems) for one in checked] == [[]]
    description = json.loads((run.path / "run.json").read_text(encoding="utf-8"))
    assert description["finished"] is True
