"""Ctrl-C ends a command with one sentence that says what is kept and how to go on, and its workers with it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np
import psutil
import pytest
import typer
from hostile_server import serving

from realdof.common.console import run_app, stopping
from realdof.common.errors import Stopped
from realdof.images.files import write_pixels

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has another way to interrupt a group")
SIDE, COUNT = 96, 6


def pictures(folder: Path, count: int = COUNT) -> Path:
    """A folder of random photographs."""
    random = np.random.default_rng(0)
    for number in range(count):
        write_pixels(folder / f"{number:03d}.png", random.integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8))
    return folder


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    for part in ("source", "target"):
        pictures(tmp_path / "pairs" / part)
    return tmp_path / "pairs"


@pytest.fixture
def slow_program(tmp_path: Path) -> str:
    (tmp_path / "slow.sh").write_text('sleep 0.5; cp "$1" "$2"\n')
    return f"sh {tmp_path / 'slow.sh'} {{input}} {{output}}"


def interrupted(program: str, words: list[object], begun: Callable[[], bool], folder: Path) -> tuple[int, str]:
    """Start a command in a session of its own, press Ctrl-C once it has begun; exit status and what it said."""
    (point,) = entry_points(group="console_scripts", name=program)
    code = f"from {point.module} import {point.attr} as main; main()"
    told = folder / "told.txt"
    with told.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, words)],
            stdout=out, stderr=subprocess.STDOUT, cwd=folder, start_new_session=True,
            # A shell's background job, such as these tests may be, ignores Ctrl-C and lets what it starts ignore it.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )  # fmt: skip
    try:
        end = time.monotonic() + 120
        while not begun():
            assert process.poll() is None, told.read_text()
            assert time.monotonic() < end, told.read_text()
            time.sleep(0.02)
        children = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGINT)
        status = process.wait(30)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive, "nothing outlives the command"
    return status, told.read_text()


def again_in(folder: Path, module: str, words: list[object]) -> subprocess.CompletedProcess[str]:
    """The same command once more, undisturbed."""
    program = [sys.executable, "-c", f"from {module} import main; main()"]
    return subprocess.run([*program, *map(str, words)], cwd=folder, capture_output=True, text=True, check=False)


def is_one_sentence(status: int, told: str, kept: str) -> None:
    """The last line, and nothing like a traceback above."""
    assert status == 130, told
    assert "Traceback" not in told
    assert "KeyboardInterrupt" not in told
    assert told.count("stopped: ") == 1
    assert kept in told.splitlines()[-1]


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_keeps_its_images_and_the_same_command_does_the_others(
    pairs: Path, slow_program: str, tmp_path: Path, workers: int
) -> None:
    words = ["run", "--method", "command", "--exec", slow_program, "--dataset", "folder", "--root", pairs]
    words += ["--metrics", "psnr", "--results", "results", "--workers", workers]

    def records() -> int:
        return sum(len(path.read_text().splitlines()) for path in tmp_path.glob("results/*/*/*/records.jsonl"))

    is_one_sentence(*interrupted("ifan-bench", words, lambda: records() > 0, tmp_path), "goes on with the others")
    kept = records()
    assert 0 < kept < COUNT
    going_on = again_in(tmp_path, "benchmark.commands.app", words)
    assert going_on.returncode == 0, going_on.stderr
    assert f"{kept} of {COUNT}" in going_on.stderr, "the log begins with what was done"
    assert records() == COUNT


@pytest.mark.slow
def test_workers_that_are_still_starting_print_no_traceback(pairs: Path, tmp_path: Path) -> None:
    words = ["run", "--method", "ifan", "--dataset", "folder", "--root", pairs, "--results", "r", "--workers", 2]
    told = tmp_path / "told.txt"

    def begun() -> bool:
        return "0 of 6" in told.read_text()

    is_one_sentence(*interrupted("ifan-bench", words, begun, tmp_path), "goes on with the others")


@pytest.mark.slow
def test_scores_are_kept_and_the_same_command_scores_the_others(tmp_path: Path) -> None:
    for part in ("source", "target"):
        pictures(tmp_path / "pairs" / part, 300)
    pictures(tmp_path / "made", 300)
    words = ["score", "made", "--name", "made", "--dataset", "folder", "--root", "pairs", "--metrics", "psnr,ssim"]

    def records() -> int:
        return sum(len(path.read_text().splitlines()) for path in tmp_path.glob("results/*/*/*/records.jsonl"))

    is_one_sentence(*interrupted("ifan-bench", words, lambda: records() > 0, tmp_path), "goes on with the others")
    kept = records()
    assert 0 < kept < 300
    again = again_in(tmp_path, "benchmark.commands.app", words)
    assert again.returncode == 0, again.stderr
    assert f"{kept} of 300" in again.stderr, "the log begins with what was done"
    assert records() == 300


@pytest.mark.slow
def test_a_study_keeps_its_images_and_the_same_command_does_the_others(tmp_path: Path) -> None:
    for part in ("source", "target"):
        pictures(tmp_path / "pairs" / part, 30)
    (tmp_path / "study.toml").write_text(
        "methods = ['input', 'hyper-laplacian']\ndatasets = [{ name = 'folder', root = 'pairs' }]\nmetrics = ['psnr']\n"
    )

    def records() -> int:
        return sum(len(path.read_text().splitlines()) for path in tmp_path.rglob("records.jsonl"))

    words: list[object] = ["study", "study.toml"]
    kept = "the same command goes on with the others and writes the tables"
    is_one_sentence(*interrupted("ifan-bench", words, lambda: records() > 30, tmp_path), kept)
    assert 30 < records() < 60
    again = again_in(tmp_path, "benchmark.commands.app", words)
    assert again.returncode == 0, again.stderr
    assert records() == 60


@pytest.mark.slow
def test_a_download_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IFAN_BENCH_CACHE", str(tmp_path / "cache"))
    content = np.random.default_rng(0).bytes(4_000_000)
    with serving(content) as server:
        words = ["data", "get", "realdof", "--mirror", server.url("waits")]

        def begun() -> bool:
            return any(path.stat().st_size > 1_000_000 for path in (tmp_path / "cache").rglob("*") if path.is_file())

        is_one_sentence(*interrupted("ifan-bench", words, begun, tmp_path), "the same command goes on there")
        again = again_in(tmp_path, "benchmark.commands.app", words)
        first, second = server.ranges("waits")
    assert first is None
    assert second is not None, "only the rest is asked for"
    assert 1_000_000 < int(second.removeprefix("bytes=").rstrip("-")) <= len(content) // 2
    assert again.returncode == 2, "these bytes are no archive"
    assert "Traceback" not in again.stderr


@pytest.mark.slow
def test_photographs_that_were_written_are_kept(tmp_path: Path) -> None:
    pictures(tmp_path / "photos")
    words = ["deblur", "photos", "-o", "sharp", "--weights", "synthetic"]
    begun = (tmp_path / "sharp" / "000.png").exists
    is_one_sentence(*interrupted("ifan", words, begun, tmp_path), "--skip-existing goes on")
    assert all(path.stat().st_size > 0 for path in (tmp_path / "sharp").iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_a_build_keeps_its_scenes_and_the_same_command_builds_the_others(tmp_path: Path, workers: int) -> None:
    words = ["simulate", "captures", "--scenes", "4", "--size", "small"]
    assert again_in(tmp_path, "realdof.cli", words).returncode == 0
    build = ["build", "captures", "out", "--workers", workers]

    def begun() -> bool:
        return any((tmp_path / "out" / "scenes").glob("*.json"))

    is_one_sentence(*interrupted("realdof", build, begun, tmp_path), "the same command builds the others")
    again = again_in(tmp_path, "realdof.cli", build)
    assert again.returncode == 0, again.stderr


@pytest.mark.slow
def test_a_rendering_keeps_its_scenes(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    write_pixels(tmp_path / "photos" / "a.png", random.integers(0, 256, (600, 700, 3)).astype(np.uint8))
    words = ["synthesize", "photos", "data", "--count", "400", "--size", "64", "--workers", "2"]

    def begun() -> bool:
        return any((tmp_path / "data").rglob("*.png"))

    is_one_sentence(*interrupted("ifan", words, begun, tmp_path), "the same command renders the others")


def test_a_command_that_keeps_nothing_says_only_that_it_was_stopped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(monkeypatch, lambda: (_ for _ in ()).throw(KeyboardInterrupt)) == 130
    told = capsys.readouterr().err
    assert told.split() == ["stopped", "by", "Ctrl-C."]


def test_what_a_command_keeps_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    @stopping("the first half is kept; the same command makes the second")
    def command() -> None:
        raise KeyboardInterrupt

    with pytest.raises(Stopped):
        command()
    assert ended(monkeypatch, command) == 130
    assert capsys.readouterr().err == "stopped: the first half is kept; the same command makes the second\n"


@pytest.mark.slow
def test_ctrl_c_twice_prints_no_traceback(pairs: Path, tmp_path: Path) -> None:
    told = tmp_path / "told.txt"
    code = """
import atexit, time
from benchmark.commands.app import main
atexit.register(lambda: time.sleep(20))
main()
"""
    words = ["run", "--method", "command", "--exec", "sleep 60 {input} {output}", "--dataset", "folder"]
    with told.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", code, *words, "--root", str(pairs)],
            stdout=out, stderr=subprocess.STDOUT, cwd=tmp_path, start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )  # fmt: skip
    for said in ("0 of 6", "stopped: "):
        end = time.monotonic() + 60
        while said not in told.read_text():
            assert time.monotonic() < end, told.read_text()
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
    assert process.wait(10) == 130
    assert "Traceback" not in told.read_text()


def ended(monkeypatch: pytest.MonkeyPatch, command: Callable[[], None]) -> object:
    """The exit status of a command line with one command."""
    monkeypatch.setattr("sys.argv", ["program"])
    monkeypatch.setattr("realdof.common.console._end_at_the_next_ctrl_c", lambda: None)
    app = typer.Typer()
    app.command()(command)
    with pytest.raises(SystemExit) as status:
        run_app(app)
    return status.value.code
