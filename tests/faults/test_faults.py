"""Processes that are killed, disks that are full, folders that change: nothing is lost, and the next run finishes.

A case is three images of 64 px with the method `input`. `IFAN_BENCH_HOSTILE=full` tries ten times as many kills.
"""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmark.results.run import Run
from realdof.images.files import read_pixels, write_pixels
from realdof.images.headers import read_header

pytestmark = pytest.mark.slow
FULL = os.environ.get("IFAN_BENCH_HOSTILE") == "full"
KILLS = 50 if FULL else 5
SEED = 16
NAMES = ("a", "b", "c")


def make_pairs(root: Path) -> Path:
    generator = np.random.default_rng(0)
    for name in NAMES:
        target = generator.integers(0, 256, (64, 64, 3), dtype=np.uint8)
        write_pixels(root / "target" / f"{name}.png", target)
        write_pixels(root / "source" / f"{name}.png", np.roll(target, 1, axis=0))
    return root


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    return make_pairs(tmp_path / "pairs")


def words(pairs: Path, results: Path, *more: object) -> list[str]:
    given = (
        "run",
        "--method",
        "input",
        "--dataset",
        "folder",
        "--root",
        pairs,
        "--results",
        results,
        "--metrics",
        "psnr,mae",
    )
    return [sys.executable, "-c", "from benchmark.commands.app import main; main()", *map(str, (*given, *more))]


def started(command: list[str], **options: object) -> subprocess.Popen[str]:
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def finished(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **options)


def one_sentence(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 2, (result.returncode, result.stderr[-600:])
    assert "Traceback" not in result.stderr, result.stderr
    said = [line for line in result.stderr.splitlines() if line.startswith("error:")]
    assert len(said) == 1, result.stderr
    return said[0]


def figures(results: Path) -> dict[str, dict[str, float]]:
    (found,) = results.glob("*/*/*/run.json")
    run = Run(found.parent)
    assert run.finished
    assert not list(run.path.rglob(".*")), "a temporary file is left"
    for name in NAMES:
        assert read_header(run.output(name)).bits == 16
        assert np.array_equal(read_pixels(run.output(name)) >> 8, read_pixels(run.output(name)) // 257)
    return {name: dict(record.scores) for name, record in run.records().items()}


def test_runs_killed_at_random_moments_finish_with_the_figures_of_an_undisturbed_one(
    pairs: Path, tmp_path: Path
) -> None:
    begin = time.monotonic()
    assert finished(words(pairs, tmp_path / "whole")).returncode == 0
    length = time.monotonic() - begin
    undisturbed = figures(tmp_path / "whole")
    assert undisturbed.keys() == set(NAMES)
    moments = random.Random(SEED)
    killed = 0
    for number in range(KILLS):
        results = tmp_path / f"killed-{number}"
        process = started(words(pairs, results, *(("--workers", 2) if number % 5 == 4 else ())))
        # The later half, as the first goes by with imports.
        time.sleep(length * moments.uniform(0.4, 1.0))
        killed += process.poll() is None
        process.send_signal(signal.SIGINT if number % 5 == 3 else signal.SIGKILL)
        process.communicate(timeout=60)
        again = finished(words(pairs, results))
        assert again.returncode == 0, again.stderr
        assert figures(results) == undisturbed, f"kill {number}"
    assert killed >= KILLS // 2, "the runs were too short to be killed"


def test_a_full_disk_is_one_sentence_and_the_next_run_finishes(pairs: Path, tmp_path: Path) -> None:
    for limit in (0, 200, 3_000, 9_000, 20_000):

        def limited(limit: int = limit) -> None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        results = tmp_path / f"results-{limit}"
        full = finished(words(pairs, results), preexec_fn=limited)
        assert "File too large" in one_sentence(full)
        assert finished(words(pairs, results)).returncode == 0
        assert len(figures(results)) == 3


@pytest.mark.parametrize("spoil", ["a file", "a broken link", "no such disk"])
def test_results_that_cannot_be_written_are_one_sentence(pairs: Path, tmp_path: Path, spoil: str) -> None:
    results = tmp_path / "results"
    if spoil == "a file":
        results.write_text("no folder")
    elif spoil == "a broken link":
        results.symlink_to(tmp_path / "nowhere" / "at all")
    else:
        results = Path("/proc/results")
    assert "cannot write" in one_sentence(finished(words(pairs, results)))


SPOILS: dict[str, Callable[[Path], None]] = {
    "deleted": lambda path: path.unlink(),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:100]),
    "emptied": lambda path: path.write_bytes(b""),
    "replaced": lambda path: write_pixels(path, np.zeros((64, 64, 3), np.uint8)),
    "another size": lambda path: write_pixels(path, np.zeros((80, 64, 3), np.uint8)),
}

DURING = """
import sys
from pathlib import Path
from benchmark import registry
from benchmark.running import runner
from benchmark.running.task import open_task
sys.path.insert(0, {here!r})
from test_faults import SPOILS
def spoil(progress):
    if progress.record is not None and progress.record.name == "a":
        SPOILS[{how!r}](Path({pairs!r}) / {folder!r} / "c.png")
task = open_task("folder", None, ("psnr", "mae"), root=Path({pairs!r}))
from realdof.common.errors import InputError
try:
    opened, summary = runner.run(task, registry.method("input"), Path({results!r}), report=spoil)
except InputError as error:
    print("error:", error, file=sys.stderr)
    sys.exit(2)
sys.exit(1 if summary.failed else 0)
"""


@pytest.mark.parametrize("folder", ["source", "target"])
@pytest.mark.parametrize("how", SPOILS)
def test_files_that_change_during_a_run_are_never_recorded_under_the_old_identity(
    pairs: Path, tmp_path: Path, how: str, folder: str
) -> None:
    whole = {role: (pairs / role / "c.png").read_bytes() for role in ("source", "target")}
    results = tmp_path / "results"
    program = DURING.format(
        here=str(Path(__file__).parent), how=how, folder=folder, pairs=str(pairs), results=str(results)
    )
    spoilt = finished([sys.executable, "-c", program])
    assert "c.png was changed while the run was on" in one_sentence(spoilt)
    (found,) = results.glob("*/*/*/run.json")
    assert Run(found.parent).records().keys() == {"a", "b"}
    for role, content in whole.items():
        (pairs / role / "c.png").write_bytes(content)
    assert finished(words(pairs, results)).returncode == 0
    assert figures(results).keys() == set(NAMES)


def test_two_processes_on_one_results_folder_lose_nothing(pairs: Path, tmp_path: Path) -> None:
    for _ in range(5 if FULL else 1):
        both = [started(words(pairs, tmp_path / "results")) for _ in range(2)]
        for process in both:
            _, said = process.communicate(timeout=120)
            assert process.returncode == 0, said
        assert len(figures(tmp_path / "results")) == 3


@pytest.mark.parametrize("place", ["run.json", "records.jsonl"])
@pytest.mark.parametrize("how", ["deleted", "truncated", "emptied"])
def test_damaged_results_are_named_or_made_again(pairs: Path, tmp_path: Path, place: str, how: str) -> None:
    results = tmp_path / "results"
    assert finished(words(pairs, results)).returncode == 0
    before = figures(results)
    (found,) = results.glob("*/*/*/run.json")
    SPOILS[how](found.parent / place)
    again = finished(words(pairs, results))
    if again.returncode == 0:
        assert figures(results) == before
    else:
        assert "remove" in one_sentence(again)


def test_half_a_line_at_the_end_of_the_records_costs_that_image_alone(pairs: Path, tmp_path: Path) -> None:
    results = tmp_path / "results"
    assert finished(words(pairs, results)).returncode == 0
    before = figures(results)
    (records,) = results.glob("*/*/*/records.jsonl")
    whole = records.read_bytes()
    last = whole.rstrip(b"\n").rfind(b"\n") + 1
    for cut in sorted({last, last + 1, (last + len(whole)) // 2, len(whole) - 2, len(whole) - 1}):
        records.write_bytes(whole[:cut])
        again = finished(words(pairs, results))
        assert again.returncode == 0, again.stderr
        assert figures(results) == before


def test_a_clock_that_jumps_back_changes_no_figure(pairs: Path, tmp_path: Path) -> None:
    program = (
        "import time, datetime, sys\nreal = time.time\ncount = iter(range(10**9))\n"
        "time.time = lambda: real() - 3600 * next(count)\n"
        f"sys.argv = {['ifan-bench', *words(pairs, tmp_path / 'results')[3:]]!r}\n"
        "from benchmark.commands.app import main; main()"
    )
    assert finished([sys.executable, "-c", program]).returncode == 0
    assert len(figures(tmp_path / "results")) == 3
    (found,) = (tmp_path / "results").glob("*/*/*/records.jsonl")
    assert all(json.loads(line)["seconds"] >= 0 for line in found.read_text().splitlines())
