"""Change one operator or number of a module at a time and see whether a test notices.

``python tests/mutation/mutate.py --results FILE.jsonl`` needs ``pip install cosmic-ray coverage``. The operators of
cosmic-ray make the mutants. The module's file is never touched.

First, all tests run once with coverage, which notes the lines that each executes (`reach.py`; kept in ``FILE.reach``).
A mutant is tried with the tests that execute its line, the quickest first, until one fails. One process imports all
modules and collects all tests, and each mutant is tried in a fork of it whose functions have changed code
(`trying.py`). If the change is in what runs at the import, the fork is of a process without our modules.

A test that runs our code in a process of its own does not see the change.
"""

import argparse
import ast
import importlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from mutants import Mutant, change_of, changed_functions, draw, line_of, source_of
from reach import TESTS, WORDS, Measure, Reach
from trying import Loop, NoTestWasRunError, collected, ended, noticed_at_import

ROOT = Path(__file__).parents[2]
THIRD_PARTY = (
    "numpy", "scipy.ndimage", "scipy.stats", "cv2", "torch", "pandas", "skimage.metrics", "skimage.data", "pydantic",
    "hypothesis", "pytest", "typer.testing", "rawpy", "tifffile", "h5py", "rich", "jinja2", "requests",
)  # fmt: skip


QUICKER = "survived the quicker tests"
"""The outcome if the tests that reach a line take longer than is allowed."""


def main() -> None:
    """Read the command line, try the sample and print what survived."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300, help="mutants in the sample")
    parser.add_argument("--seed", type=int, default=16)
    parser.add_argument("--results", type=Path, required=True, help="a .jsonl file; what stands in it is kept")
    parser.add_argument("--only", default="", help="modules whose path holds these words")
    parser.add_argument("--part", default="1/1", help="K/N: each Nth mutant from the Kth, for N processes")
    parser.add_argument("--most", type=float, default=120, help="seconds of tests that are tried with a mutant")
    parser.add_argument("--again", action="store_true", help="try those again that only survived the quicker tests")
    parser.add_argument("--list", action="store_true", help="print the sample alone")
    options = parser.parse_args()
    os.chdir(ROOT)
    sample = draw(options.count, options.seed)
    if options.list:
        print(*sample, sep="\n")
        return
    prepare()
    reach_file = options.results.with_suffix(".reach").resolve()
    if not reach_file.exists():
        ended(
            lambda: int(pytest.main([*WORDS, "--durations", "15", *TESTS], plugins=[Measure(reach_file)])),
            1e9,
            quiet=False,
        )
    reach, results = Reach(reach_file), options.results.resolve()
    done = done_in(results, QUICKER if options.again else "")
    part, parts = map(int, options.part.split("/"))
    left = [mutant for mutant in sample[part - 1 :: parts] if mutant not in done and options.only in mutant[0]]

    def quick(loop: Loop) -> None:
        tests = sorted((name for name in reach.seconds if reach.seconds[name] < 0.5), key=reach.seconds.__getitem__)
        assert loop.noticed("", None, tests, 600) is False, "without a change, tests fail in another order"
        for mutant in left:
            if not said_at_once(mutant, results) and changed_functions(mutant[0], source_of(mutant)):
                # A function that cannot be exchanged is left to be imported.
                with suppress(NoTestWasRunError):
                    attempt(mutant, reach, results, options.most, loop)

    collected(quick)
    tried = done_in(results, QUICKER if options.again else "")
    for mutant in left:
        if mutant not in tried:
            attempt(mutant, reach, results, options.most)
    last = {tuple(line["mutant"]): line for line in lines_of(results)}
    found = [last[mutant] for mutant in sample if mutant in last]
    print(f"{len(found)} of {len(sample)} tried:", *tally(found))


def done_in(results: Path, but: str) -> set[Mutant]:
    """The mutants whose last outcome is another than this one."""
    last = {tuple(line["mutant"]): line["outcome"] for line in lines_of(results)}
    return {mutant for mutant, outcome in last.items() if outcome != but}


def tally(found: Sequence[dict]) -> list[str]:
    """How often each outcome was had."""
    outcomes = [line["outcome"] for line in found]
    return [f"{outcomes.count(outcome)} {outcome}" for outcome in sorted(set(outcomes))]


def lines_of(path: Path) -> list[dict]:
    """What an earlier call has written."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def prepare() -> None:
    """Load third-party packages once for all forks."""
    sys.dont_write_bytecode = True
    # With CI, hypothesis does not try first what failed for the mutant before.
    os.environ |= {"OMP_NUM_THREADS": "1", "CI": "1", "TMPDIR": tempfile.mkdtemp(prefix="mutants-")}
    tempfile.tempdir = None
    for name in THIRD_PARTY:
        importlib.import_module(name)
    import torch

    torch.set_num_threads(1)
    ours = [name for name in sys.modules if name.split(".")[0] in ("benchmark", "realdof", "baselines", "ifan")]
    assert not ours, ours


def said_at_once(mutant: Mutant, results: Path) -> bool:
    """Write ``no Python`` or ``same`` of a mutant that needs no test."""
    source = source_of(mutant)
    try:
        ast.parse(source)
    except SyntaxError:
        # cosmic-ray takes the asterisk between parameters for a product.
        write(mutant, source, "no Python", results, time.monotonic())
        return True
    if ast.dump(ast.parse(source)) != ast.dump(ast.parse(Path(mutant[0]).read_text())):
        return False
    write(mutant, source, "same", results, time.monotonic())
    return True


def attempt(mutant: Mutant, reach: Reach, results: Path, most: float, loop: Loop | None = None) -> None:
    """Write ``killed``, ``killed by time`` or ``survived``, or ``survived the quicker tests``."""
    started, source = time.monotonic(), source_of(mutant)
    every = reach.tests_of(mutant[0], line_of(mutant[0], source))
    tests, seconds = [], 0.0
    for name in every:
        if seconds + reach.seconds[name] <= most:
            tests.append(name)
            seconds += reach.seconds[name]
    if not tests:
        write(mutant, source, "not reached by a test", results, started)
        return
    noticed = (loop.noticed if loop else noticed_at_import)(mutant[0], source, tests, seconds)
    survived = "survived" if len(tests) == len(every) else QUICKER
    write(mutant, source, {True: "killed", False: survived, None: "killed by time"}[noticed], results, started)


def write(mutant: Mutant, source: str, outcome: str, results: Path, started: float) -> None:
    """Add a line to the results."""
    line = {
        "mutant": mutant, "outcome": outcome, "seconds": round(time.monotonic() - started, 1),
        "change": change_of(mutant[0], source),
    }  # fmt: skip
    with results.open("a") as file:
        file.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
