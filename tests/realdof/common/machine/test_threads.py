"""Threads: as many as a container may use, and waiting as chosen before torch is loaded; the user has the last word."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from realdof.common.machine import threads

ALL = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"cpu.max": "100000 100000\n"}, 1),
        ({"cpu.max": "50000 100000\n"}, 1),
        ({"cpu.max": "max 100000\n"}, ALL),
        ({"cpu.max": "6400000 100000\n"}, ALL),
        ({"cpu/cpu.cfs_quota_us": "100000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 1),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, ALL),
        ({}, ALL),
    ],
)
def test_processors_are_those_of_the_control_group_rounded_up_and_no_more_than_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], expected: int
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(threads, "CGROUP", tmp_path)
    assert threads.cores() == expected


def test_a_share_below_the_processors_limits_threads_unless_the_user_says_how_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(threads, "_ours", set())
    monkeypatch.setattr(threads, "_usable", lambda: 64)
    monkeypatch.setattr(threads, "_share", lambda root: 4)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    threads.settle_threads()
    assert os.environ["OMP_NUM_THREADS"] == "4"
    assert os.environ["OMP_WAIT_POLICY"] == "active"
    assert "OMP_NUM_THREADS" not in threads.environment_of_programs()
    assert threads.environment_of_programs()["OMP_WAIT_POLICY"] == "active"
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setattr(threads, "_ours", set())
    threads.settle_threads()
    assert threads.environment_of_programs()["OMP_NUM_THREADS"] == "7"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="GNU's OpenMP tells its settings")
@pytest.mark.parametrize(("set_by_user", "told"), [({}, "PASSIVE"), ({"OMP_WAIT_POLICY": "active"}, "ACTIVE")])
def test_the_threads_of_torch_wait_as_chosen(set_by_user: dict[str, str], told: str) -> None:
    """OpenMP prints what it read of the environment when torch loads it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OMP_")}
    code = "from realdof.common.machine.threads import settle_threads; settle_threads(); import torch"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**environment, "OMP_DISPLAY_ENV": "true", **set_by_user},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"OMP_WAIT_POLICY = '{told}'" in done.stderr
