"""A run killed half-way and started again ends with the table of an uninterrupted one."""

import json
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

SLOW_METHOD = """
    import sys, time
    from pathlib import Path
    from benchmark import runner
    from benchmark.datasets.folder import PairedFolder
    from benchmark.method import Method, MethodCard
    from benchmark.protocols import PROTOCOLS

    class Slow(Method):
        card = MethodCard("slow", "Slow", "single", "waits")
        def deblur(self, sample):
            time.sleep(0.15)
            with open(sys.argv[3], "a") as log:
                log.write(sample.name + "\\n")
            return sample.image * 0.9

    task = runner.prepare(PairedFolder(Path(sys.argv[1])), PROTOCOLS["ifan-cvpr21"], ("psnr", "mae"), None)
    runner.run(task, Slow(), Path(sys.argv[2]))
"""


def start(root: Path, results: Path, log: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(SLOW_METHOD), str(root), str(results), str(log)])


def scores(results: Path) -> dict[str, dict[str, float]]:
    lines = next(results.rglob("records.jsonl")).read_text().splitlines()
    return {record["name"]: record["scores"] for record in map(json.loads, lines)}


def test_a_run_killed_with_sigkill_continues_and_repeats_no_finished_image(make_pairs, tmp_path: Path) -> None:
    root = make_pairs(8)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert start(root, whole, tmp_path / "whole.log").wait() == 0

    process = start(root, killed, tmp_path / "killed.log")
    deadline = time.monotonic() + 120
    while not (records := list(killed.rglob("records.jsonl"))) or len(records[0].read_text().splitlines()) < 3:
        assert time.monotonic() < deadline
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    finished = set(scores(killed))
    assert 3 <= len(finished) < 8

    assert start(root, killed, tmp_path / "second.log").wait() == 0
    assert scores(killed) == scores(whole)
    again = (tmp_path / "second.log").read_text().split()
    # The first call is the warm-up on the first image that is left; every other is an image not yet done.
    assert len(again) == 1 + 8 - len(finished)
    assert not set(again) & finished
    assert not list(killed.rglob(".*")), "no temporary file is left"
    summaries = [json.loads(next(place.rglob("run.json")).read_text())["summary"] for place in (whole, killed)]
    assert summaries[0]["scores"] == summaries[1]["scores"]
