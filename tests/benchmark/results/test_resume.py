"""A run killed half-way and started again ends with the table of an uninterrupted one."""

import json
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from made_results import made_record, made_settings, open_run

SLOW_METHOD = """
    import sys, time
    from pathlib import Path
    from benchmark.running import runner
    from benchmark.running.task import prepare
    from benchmark.datasets.folder import PairedFolder
    from benchmark.method import Deblurred, Method, MethodCard
    from benchmark import registry

    class Slow(Method):
        card = MethodCard("slow", "Slow", "single", "waits")
        def deblur(self, sample, context):
            time.sleep(0.15)
            with open(sys.argv[3], "a") as log:
                log.write(sample.name + "\\n")
            return Deblurred(sample.image * 0.9)

    task = prepare(PairedFolder(Path(sys.argv[1])), registry.protocol("ifan-cvpr21"), ("psnr", "mae"), None)
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


@pytest.mark.slow
def test_two_processes_in_one_results_folder_both_complete_and_lose_nothing(make_pairs, tmp_path: Path) -> None:
    one, other = make_pairs(8, name="one"), make_pairs(6, name="other")
    results = tmp_path / "results"
    # Two of the same run, which share a folder, and one of another run.
    places = (one, one, other)
    processes = [start(root, results, tmp_path / f"{number}.log") for number, root in enumerate(places)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    runs = sorted(results.rglob("run.json"))
    assert len(runs) == 2
    for path in runs:
        run = json.loads(path.read_text())
        lines = (path.parent / "records.jsonl").read_text().splitlines()
        records = [json.loads(line) for line in lines]
        assert run["finished"] is True
        assert run["summary"]["done"] == run["total"] == len({record["name"] for record in records})
        assert {file.stem for file in (path.parent / "outputs").iterdir()} == {record["name"] for record in records}
        repeated: dict[str, list[object]] = {}
        for record in records:
            repeated.setdefault(record["name"], []).append(record["scores"])
        assert all(scores == [scores[0]] * len(scores) for scores in repeated.values())
    assert not list(results.rglob(".*")), "no temporary file is left"


def test_a_line_left_half_by_a_killed_process_is_cut_off_by_the_next_to_append(tmp_path: Path) -> None:
    folder = open_run(tmp_path, made_settings())
    folder.append(made_record("a", "ok", {"psnr": 20.0}))
    with (folder.path / "records.jsonl").open("ab") as file:
        file.write(b'{"name": "b", "sta')
    assert set(folder.records()) == {"a"}
    folder.append(made_record("c", "ok", {"psnr": 21.0}))
    assert list(folder.records()) == ["a", "c"]
