"""Commands killed at random moments: nothing is lost, and the next one leaves what an undisturbed one does.

`IFAN_BENCH_HOSTILE=full` kills each 50 times, not five.
"""

import random
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from fault_cases import COUNTS, FULL, SEED, Host
from hostile_server import Server, serving
from scenarios import MODULE, SCENARIOS, Scenario, _all_of, _archive, unchanged

from realdof.common.console import STOPPED

pytestmark = pytest.mark.slow
KILLS = 50 if FULL else 5
SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(b"") as server:
        yield server


def downloading(server: Server) -> Scenario:
    """A set fetched over connections that each break off after a quarter of it."""

    def prepare(folder: Path, host: Host) -> None:
        _archive(folder, host)
        server.content = (folder / "set.zip").read_bytes()
        (folder / "set.zip").unlink()

    return Scenario(
        prepare,
        lambda folder: [
            "ifan-bench", "data", "get", "realdof", "--mirror", server.url("drops"), "--root", str(folder / "set"),
        ],
        _all_of("set/**/*"), inputs=(), before=(MODULE,), products=("set/**/*",),
    )  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ["run", "run that goes on", "merge", "build", "train", "download", "report again", "deblur", "synthesize"],
)
def test_commands_killed_at_random_moments_are_finished_by_the_next(
    name: str, host: Host, server: Server, tmp_path: Path
) -> None:
    scenario = downloading(server) if name == "download" else SCENARIOS[name]
    folder, template = tmp_path / "w", tmp_path / "template"
    folder.mkdir()
    scenario.prepare(folder, host)
    shutil.copytree(folder, template)
    undisturbed = host(folder, scenario.words(folder), before=scenario.before)
    assert undisturbed.status == 0, undisturbed.said
    figures = scenario.figures(folder)
    draw, killed, seconds = random.Random(f"{SEED} {name}"), 0, undisturbed.seconds
    for number in range(KILLS):
        shutil.rmtree(folder)
        shutil.copytree(template, folder)
        inputs, kept = unchanged(folder, scenario.inputs), scenario.kept(folder)
        which = SIGNALS[number % len(SIGNALS)]
        moment = draw.uniform(0.1, 1.0) * seconds
        ended = host(folder, scenario.words(folder), signals=[(which, moment)], before=scenario.before)
        COUNTS[f"{which.name} at a random moment"] += 1
        killed += ended.status not in (0, 1, 2)
        if ended.status == 0:
            # The first one may have waited for the disk or for other work on the machine.
            seconds = min(seconds, ended.seconds)
        if ended.status == STOPPED:
            assert "Traceback" not in ended.said, ended.said
        assert unchanged(folder, scenario.inputs) == inputs, f"{which.name} after {moment:.3f} s: an input was changed"
        assert kept <= scenario.kept(folder), f"{which.name} after {moment:.3f} s: finished work was lost"
        again = host(folder, scenario.words(folder), before=scenario.before)
        assert again.status == 0, f"{which.name} after {moment:.3f} s: {again.said}"
        assert scenario.figures(folder) == figures, f"{which.name} after {moment:.3f} s"
    assert killed >= KILLS // 3, f"{killed} of {KILLS}: the commands were too short to be killed"


@pytest.mark.parametrize(("name", "made", "earliest"), [("run", "results", 0.7), ("synthesize", "set", 0.5)])
def test_a_command_with_two_workers_that_is_killed_is_finished_by_the_next_and_leaves_no_temporary_folder(
    name: str, made: str, earliest: float, host: Host, tmp_path: Path
) -> None:
    scenario = SCENARIOS[name]
    scenario.prepare(tmp_path, host)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    words = [*scenario.words(tmp_path), "--workers", "2"]
    whole = host(tmp_path, words, limit=120)
    assert whole.status == 0, whole.said
    figures = scenario.figures(tmp_path)
    draw = random.Random(SEED)
    for _ in range(6 if FULL else 1):
        shutil.rmtree(tmp_path / made)
        moment = whole.seconds * draw.uniform(earliest, 1.0)
        host(tmp_path, words, signals=[(signal.SIGKILL, moment)], limit=120, environment={"TMPDIR": str(scratch)})
        COUNTS["SIGKILL at a random moment, two workers"] += 1
        # Workers end by themselves when they notice that their command is gone; files of the living are not removed.
        _wait_until_nobody_works_in(tmp_path)
        again = host(tmp_path, scenario.words(tmp_path), before=scenario.before)
        assert again.status == 0, again.said
        assert not list(scratch.iterdir()), "folders of workers are left in TMPDIR"
        assert scenario.figures(tmp_path) == figures


def _wait_until_nobody_works_in(folder: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if not any(_works_in(process, folder) for process in psutil.process_iter()):
            return
        time.sleep(0.05)
    raise AssertionError(f"a worker outlives its command by a minute in {folder}")


def _works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return Path(process.cwd()).is_relative_to(folder)
    except (psutil.Error, FileNotFoundError):
        return False
