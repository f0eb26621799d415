"""`ifan-bench run` on `sample` against the sum of its records' times, and where the rest goes.

The command is run as a user gives it, but for clocks around its steps; `main` is that process.
"""

from __future__ import annotations

import atexit
import importlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from statistics import median
from typing import Any

from realdof.common.processes.loading import loading
from tests.performance.suite.measurement import Cells, Line, Sentence, seconds

HEAD = ("what", "time", "share of the sum of the records' times")
STEPS = {
    "checking and hashing the data set": "benchmark.running.task:open_task",
    "loading the method": "benchmark.running.runner:load_method",
    "counting the network's operations": "benchmark.running.runner:complexity_facts",
    "loading the metrics": "benchmark.running.job:Job._loaded_metrics",
    "warming up on a corner of an image": "benchmark.running.job:warm_up",
    "waiting for an image to be read": "benchmark.running.pipeline:_Reads.next",
    "method": "benchmark.running.job:Ready.deblur",
    "scoring and writing": "benchmark.running.job:Ready.finish",
    "appending records": "benchmark.results.run:Run.append",
}
"""Steps of a run, none within another but the warm-up, which is within the method's."""
START = "start: Python, PyTorch and our modules"
LARGE, LARGE_SIZE = 8, "1680x1120"
METHOD, WARM, OPENING = "method", "warming up on a corner of an image", "checking and hashing the data set"


def measure(quick: bool) -> Iterator[Line]:
    """The command, its parts, and the command with ``--untimed``; medians of the turns."""
    chosen = ["--method", "input", "--limit", "2"] if quick else ["--method", "ifan"]
    words = [*chosen, "--dataset", "sample"]
    turns = 1 if quick else 3
    # Renders the data set where it is not there yet, and fills the system's cache of files.
    timed_run([*words, "--limit", "1"])
    timed, untimed = [], []
    for _ in range(turns):
        timed.append(timed_run(words))
        untimed.append(timed_run([*words, "--untimed"]))
    ours = {name: median(found[name] for found in timed) for name in timed[0]}
    least = ours["records"]
    yield _cells(f"`ifan-bench run {' '.join(words)}`, the whole command", ours["whole"], least)
    yield _cells("sum of its records' times, the floor", least, least)
    for name in (START, *STEPS):
        if name != METHOD:
            yield _cells(name, ours[name], least)
    yield _cells("around the method's own clock: memory, device", ours[METHOD] - ours[WARM] - least, least)
    named = sum(ours[name] for name in STEPS if name != WARM) + ours[START]
    yield _cells("the rest: summary, tables, end of the process", ours["whole"] - named, least)
    beside = median(found["whole"] for found in untimed)
    yield _cells("the same with `--untimed`, which scores one image beside the next, the whole command", beside, least)
    after = ours["whole"] - ours[START]
    large = _on_large(chosen, quick)
    whole, begun = ((large["whole"] - before) / large["records"] for before in (0, large[START]))
    yield Cells(
        "end-to-end",
        (
            f"the same on {LARGE} images of {LARGE_SIZE}, DPDD's size, the whole command",
            seconds(large["whole"]),
            f"{whole:.3f} of their own sum, {begun:.3f} without the start",
        ),
    )
    yield Sentence(
        "end-to-end",
        f"Without the start of the process the ratio is {after / least:.3f}; asked is at most 1.15 for the whole.",
    )


def _on_large(chosen: list[str], quick: bool) -> dict[str, float]:
    """The command on pairs of the size of DPDD's images, where the start counts for less."""
    from tests.performance.suite.against.evaluator import make_pairs

    with tempfile.TemporaryDirectory() as folder:
        make_pairs(Path(folder), LARGE, 1 if quick else 4)
        return timed_run([*chosen, "--dataset", "folder", "--root", folder])


def _cells(what: str, value: float, least: float) -> Cells:
    return Cells("end-to-end", (what, seconds(value), f"{value / least:.3f}"))


def timed_run(words: list[str]) -> dict[str, float]:
    """Seconds of a run's command and of its steps, and the sum of the times in its records."""
    with tempfile.TemporaryDirectory() as folder:
        spent = Path(folder) / "spent.json"
        line = [sys.executable, "-m", __name__, str(spent), "run", *words, "--results", folder]
        begun, start = time.time(), time.perf_counter()
        subprocess.run(line, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        whole = time.perf_counter() - start
        found: dict[str, float] = json.loads(spent.read_text())
        # Imported here, because the process that is measured loads this module too.
        from benchmark.results.choice import every_run

        (run,) = every_run(Path(folder))
        records = sum(record.seconds or 0 for record in run.records().values())
    opened = found.pop("opened") - begun
    return {"whole": whole, "records": records, START: opened, **found}


def main() -> None:
    """Run ``ifan-bench`` with the words after the first, and write the seconds of its steps to the first."""
    spent: dict[str, float] = dict.fromkeys(STEPS, 0.0)
    for name, place in STEPS.items():
        module, _, path = place.partition(":")
        *owners, last = path.split(".")
        # As the command loads them.
        with loading(first=True):
            owner: Any = importlib.import_module(module)
        for one in owners:
            owner = getattr(owner, one)
        setattr(owner, last, _clocked(name, getattr(owner, last), spent))
    out, sys.argv = Path(sys.argv[1]), ["ifan-bench", *sys.argv[2:]]
    # The command ends its process by itself, after what is registered here.
    atexit.register(lambda: out.write_text(json.dumps(spent)))
    importlib.import_module("benchmark.__main__").program()


def _clocked(name: str, function: Callable[..., Any], spent: dict[str, float]) -> Callable[..., Any]:
    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        if name == OPENING:
            spent["opened"] = time.time()
        start = time.perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            spent[name] += time.perf_counter() - start

    return run


if __name__ == "__main__":
    main()
