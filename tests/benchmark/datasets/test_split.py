"""`ifan-bench data split`: by name and seed alone, so that a training scene never becomes a test scene."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from published_trees import bench

from benchmark.datasets.split import DPDD_SHARES, split
from benchmark.datasets.subset import read_names
from realdof.common.errors import InputError

__all__ = ["bench"]
NAMES = [f"scene{index:03d}" for index in range(500)]


@given(st.sets(st.sampled_from(NAMES[:60]), min_size=45), st.integers())
def test_a_scene_stays_on_its_side_whatever_is_added(some: set[str], seed: int) -> None:
    whole, part = (split(names, seed, (0.4, 0.3, 0.3)) for names in (NAMES[:60], some))
    assert {side: [name for name in names if name in some] for side, names in whole.items()} == part


def test_every_scene_is_on_one_side_in_dpdds_shares() -> None:
    sides = split(NAMES)
    assert sorted(name for names in sides.values() for name in names) == NAMES
    for names, share in zip(sides.values(), DPDD_SHARES, strict=True):
        # Three standard deviations of a binomial.
        assert abs(len(names) - 500 * share) < 3 * (500 * share * (1 - share)) ** 0.5


def test_the_split_is_the_same_on_every_machine_and_in_every_version() -> None:
    numbers = {side: " ".join(name[-3:] for name in names) for side, names in split(NAMES[:20], seed=3).items()}
    assert numbers == {
        "train": "001 003 004 005 009 010 011 012 014 015 018",
        "val": "006 008 016 017",
        "test": "000 002 007 013 019",
    }


def test_another_seed_is_another_split() -> None:
    assert split(NAMES, 1) != split(NAMES, 2)


def test_a_side_without_a_share_is_empty_and_one_with_a_share_is_not() -> None:
    assert split(NAMES, 0, (0.5, 0.0, 0.5))["val"] == []
    with pytest.raises(InputError, match="no scene of 1 falls on"):
        split(NAMES[:1])


@pytest.mark.parametrize("shares", [(0.5, 0.5, 0.5), (1.5, -0.5, 0.0)])
def test_shares_that_are_none_are_refused(shares: tuple[float, float, float]) -> None:
    with pytest.raises(InputError, match="together"):
        split(NAMES, 0, shares)


def test_lists_are_written_and_run_as_subsets_and_nothing_is_moved(bench, make_pairs, tmp_path: Path) -> None:
    root = make_pairs(12)
    before = sorted((path, path.stat().st_mtime_ns) for path in root.rglob("*"))
    out = tmp_path / "split"
    command = ("data", "split", root, "--out", out, "--seed", 1, "--val", 0.25, "--test", 0.5)
    assert bench(*command).status == 0
    sides = {side: read_names(out / f"{side}.txt") for side in ("train", "val", "test")}
    assert sum(map(len, sides.values())) == 12
    assert sorted((path, path.stat().st_mtime_ns) for path in root.rglob("*")) == before
    written = (out / "test.txt").read_bytes()
    assert bench(*command).status == 0
    assert (out / "test.txt").read_bytes() == written
    ran = bench(
        "run", "--method", "input", "--dataset", "folder", "--root", root, "--subset", out / "test.txt",
        "--metrics", "psnr", "--results", tmp_path / "results",
    )  # fmt: skip
    assert f"{len(sides['test'])} of {len(sides['test'])}" in ran.out


def test_shares_over_one_are_refused(bench, make_pairs, tmp_path: Path) -> None:
    answer = bench("data", "split", make_pairs(3), "--out", tmp_path / "split", "--val", 0.7, "--test", 0.7)
    assert "together" in answer.refusal
    assert not (tmp_path / "split").exists()
