"""The command line with two workers: one is killed, then all is ended, and nothing is lost."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAM = "sh -c 'sleep 0.3; cp {input} {output}'"


def start(root: Path, results: Path, *options: str) -> subprocess.Popen[str]:
    command = [
        Path(sys.executable).parent / "ifan-bench", "run", "--method", "command", "--exec", PROGRAM, "--name", "copy",
        "--dataset", "folder", "--root", root, "--metrics", "psnr,mae", "--results", results, *options,
    ]  # fmt: skip
    return subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def records(results: Path) -> dict[str, dict[str, object]]:
    found = [path.read_text().splitlines() for path in results.rglob("records.jsonl")]
    return {record["name"]: record for record in map(json.loads, found[0] if found else [])}


def wait_for_records(process: subprocess.Popen[str], results: Path, count: int) -> None:
    deadline = time.monotonic() + 120
    while len(records(results)) < count:
        assert time.monotonic() < deadline
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.02)


def workers_of(process: subprocess.Popen[str]) -> set[int]:
    """The processes that were spawned to work, without multiprocessing's own helper."""
    lists = [content(thread / "children") for thread in Path(f"/proc/{process.pid}/task").iterdir()]
    children = {int(pid) for found in lists for pid in found.split()}
    return {pid for pid in children if b"spawn_main" in content(Path(f"/proc/{pid}/cmdline"))}


def content(path: Path) -> bytes:
    """Nothing where the process is gone."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def runs(pid: int) -> bool:
    # A zombie that nobody waits for has ended too.
    status = content(Path(f"/proc/{pid}/status"))
    return bool(status) and b"\nState:\tZ" not in status


@pytest.mark.slow
def test_a_killed_worker_is_replaced_and_an_ended_run_continues_with_any_number_of_workers(
    make_pairs, tmp_path: Path
) -> None:
    root, results = make_pairs(16), tmp_path / "results"
    process = start(root, results, "--workers", "2")
    wait_for_records(process, results, 2)
    first = workers_of(process)
    assert len(first) == 2
    os.kill(min(first), signal.SIGKILL)
    while not (second := workers_of(process) - first):
        assert process.poll() is None, "the killed one was not replaced"
    wait_for_records(process, results, 5)
    process.send_signal(signal.SIGTERM)
    process.wait()
    deadline = time.monotonic() + 30
    while any(runs(pid) for pid in first | second):
        assert time.monotonic() < deadline, "a worker outlived its run"
        time.sleep(0.05)
    kept = records(results)
    assert 5 <= len(kept) < 16

    last = start(root, results)
    said, _ = last.communicate()
    assert last.returncode == 0, said
    whole = records(results)
    assert len(whole) == 16
    assert {name: whole[name] for name in kept} == kept, "no finished image was computed again"
    assert all(record["status"] == "ok" for record in whole.values())
    (run,) = results.rglob("run.json")
    assert json.loads(run.read_text())["summary"]["workers"] == 2
    assert len(list((run.parent / "outputs").glob("[!.]*"))) == 16
