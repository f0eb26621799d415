"""Change one operator or number of a module at a time and see whether a test notices.

``python tests/mutation/mutate.py --results FILE.jsonl`` needs ``pip install cosmic-ray``, whose operators make the
mutants. Its own runner starts an interpreter for each, which takes ten seconds with torch; here each mutant is tried in
a fork of one process that has the third-party packages loaded. The module's file is never touched: the fork imports
changed source instead.

A mutant is tried with the tests that mirror its module, and if none of these notices with all tests of its package and
those elsewhere that name the module.
"""

import argparse
import ast
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import random
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import CodeType

from cosmic_ray.ast import get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "benchmark/metrics", "benchmark/metrics/lpips", "benchmark/protocols", "benchmark/results",
    "benchmark/leaderboards", "realdof/alignment",
)  # fmt: skip
THIRD_PARTY = (
    "numpy", "scipy.ndimage", "scipy.stats", "cv2", "torch", "pandas", "skimage.metrics", "skimage.data", "pydantic",
    "hypothesis", "pytest", "typer.testing", "rawpy", "tifffile", "h5py", "rich", "jinja2", "requests",
)  # fmt: skip
# Bits and identities among numbers, and exchanged names, mostly give what fails at once or means the same.
_ARITHMETIC = {"Add", "Sub", "Mul", "Div", "FloorDiv"}
_ORDER = {"Eq", "NotEq", "Lt", "LtE", "Gt", "GtE"}
_OTHERS = {
    "AddNot", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr", "ReplaceOrWithAnd",
    "ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "NumberReplacer", "ZeroIterationForLoop",
    "ReplaceUnaryOperator_Delete_Not", "ReplaceUnaryOperator_Delete_USub", "ReplaceComparisonOperator_Is_IsNot",
    "ReplaceComparisonOperator_IsNot_Is",
}  # fmt: skip
_SECONDS_MORE, _TIMES_LONGER = 30, 5

Mutant = tuple[str, str, int]
"""Module's path from the root, operator, number of its occurrence."""


def main() -> None:
    """Read the command line, try the sample and print what survived."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300, help="mutants in the sample")
    parser.add_argument("--seed", type=int, default=16)
    parser.add_argument(
        "--results", type=Path, required=True, help="a .jsonl file; what stands in it is not done again"
    )
    parser.add_argument("--only", help="modules whose path holds these words")
    parser.add_argument("--list", action="store_true", help="print the sample alone")
    options = parser.parse_args()
    os.chdir(ROOT)
    sample = draw(options.count, options.seed)
    if options.list:
        print(*sample, sep="\n")
        return
    done = {tuple(line["mutant"]): line for line in lines_of(options.results)}
    prepare()
    times: dict[tuple[str, ...], float] = {}
    with options.results.open("a") as file:
        # In the order of the draw, so that the first of them are a sample too.
        for mutant in sample:
            if mutant in done or (options.only and options.only not in mutant[0]):
                continue
            started = time.monotonic()
            outcome = tried(mutant, times)
            line = {
                "mutant": mutant, "outcome": outcome, "seconds": round(time.monotonic() - started, 1),
                "change": change_of(mutant),
            }  # fmt: skip
            file.write(json.dumps(line) + "\n")
            file.flush()
            print(outcome, *mutant, line["change"], f"{line['seconds']} s", sep="  ", flush=True)
    found = [line for line in lines_of(options.results) if tuple(line["mutant"]) in set(sample)]
    print(f"{len(found)} of {len(sample)} tried:", *tally(found))


def tally(found: Sequence[dict]) -> list[str]:
    """How often each outcome was had."""
    outcomes = [line["outcome"] for line in found]
    return [f"{outcomes.count(outcome)} {outcome}" for outcome in sorted(set(outcomes))]


def lines_of(path: Path) -> list[dict]:
    """What an earlier call has written."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def draw(count: int, seed: int) -> list[Mutant]:
    """A sample of all mutants, the same for the same source and seed."""
    every = [
        (str(path), name, occurrence)
        for package in PACKAGES
        for path in sorted(Path(package).glob("*.py"))
        for name in operators()
        for occurrence in range(occurrences(path, name))
    ]
    return random.Random(seed).sample(every, min(count, len(every)))


def operators() -> list[str]:
    """Those of cosmic-ray that make sense for numbers."""

    def is_wanted(name: str) -> bool:
        kind, *exchanged = name.partition("/")[2].split("_")
        among = {"ReplaceBinaryOperator": _ARITHMETIC, "ReplaceComparisonOperator": _ORDER}.get(kind, set())
        return name.partition("/")[2] in _OTHERS or (len(exchanged) == 2 and set(exchanged) <= among)

    return sorted(filter(is_wanted, operator_names()))


def occurrences(path: Path, name: str) -> int:
    """How many mutants an operator makes of a module."""
    operator = get_operator(name)()

    def nodes(node: object) -> Iterator[object]:
        yield node
        for child in getattr(node, "children", ()):
            yield from nodes(child)

    return sum(len(list(operator.mutation_positions(node))) for node in nodes(get_ast(path.read_text())))


def source_of(mutant: Mutant) -> str:
    """The module's source with the one change."""
    path, name, occurrence = mutant
    changed = mutate_code(Path(path).read_text(), get_operator(name)(), occurrence)
    assert changed is not None, mutant
    return changed


def change_of(mutant: Mutant) -> str:
    """The line that is changed, before and after."""
    before, after = Path(mutant[0]).read_text().splitlines(), source_of(mutant).splitlines()
    number = next(number for number, (old, new) in enumerate(zip(before, after, strict=False), 1) if old != new)
    return f"{number}: {before[number - 1].strip()}  ->  {after[number - 1].strip()}"


def prepare() -> None:
    """Load third-party packages once for all forks."""
    sys.dont_write_bytecode = True
    # What failed for one mutant is not tried first for the next: the outcomes do not depend on their order.
    os.environ |= {"OMP_NUM_THREADS": "1", "CI": "1"}
    for name in THIRD_PARTY:
        importlib.import_module(name)
    import torch

    torch.set_num_threads(1)
    ours = [name for name in sys.modules if name.split(".")[0] in ("benchmark", "realdof", "baselines", "ifan")]
    assert not ours, ours


def tried(mutant: Mutant, times: dict[tuple[str, ...], float]) -> str:
    """``killed``, ``killed by time``, ``killed by the package``, ``same``, ``no Python`` or ``survived``."""
    source = source_of(mutant)
    try:
        ast.parse(source)
    except SyntaxError:
        # cosmic-ray takes the asterisk between parameters for a product.
        return "no Python"
    if ast.dump(ast.parse(source)) == ast.dump(ast.parse(Path(mutant[0]).read_text())):
        return "same"
    mirrored, package = tests_of(Path(mutant[0]))
    for tests, word in ((mirrored, "killed"), (package, "killed by the package")):
        if not tests or (tests == mirrored and word != "killed"):
            continue
        key = tuple(map(str, tests))
        if key not in times:
            started = time.monotonic()
            status = forked(tests, None, "", 1800)
            assert status == 0, f"without a change {tests} end with {status}"
            times[key] = time.monotonic() - started
        status = forked(tests, Path(mutant[0]), source, _SECONDS_MORE + _TIMES_LONGER * times[key])
        if status is None:
            return "killed by time"
        if status != 0:
            return word
    return "survived"


def tests_of(path: Path) -> tuple[list[Path], list[Path]]:
    """The files of tests that mirror a module, or name it, and all those of its package."""
    folder = Path("tests") / path.parent
    if not folder.exists():
        folder = folder.parent
    dotted = ".".join(path.with_suffix("").parts)
    elsewhere = (file for file in Path("tests").rglob("test_*.py") if file.parent != folder)
    package = sorted(folder.glob("test_*.py")) + sorted(file for file in elsewhere if dotted in file.read_text())
    mirrored = [file for file in package if file.stem == f"test_{path.stem}"]
    return mirrored or [file for file in package if dotted in file.read_text()] or package, package


def forked(tests: Sequence[Path], path: Path | None, source: str, seconds: float) -> int | None:
    """Run tests in a fork in which a module has other source; its status, None if it took too long."""
    process = os.fork()
    if process == 0:
        os.setpgid(0, 0)
        quiet = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(quiet, stream)
        if path is not None:
            sys.meta_path.insert(0, Changed(path, source))
        import pytest

        words = ["-o", "addopts=", "--import-mode=importlib", "-m", "not slow", "-x", "-q", "-p", "no:cacheprovider"]
        os._exit(int(pytest.main([*words, *map(str, tests)])))
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    os.killpg(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return None


class Changed(importlib.abc.MetaPathFinder, importlib.machinery.SourceFileLoader):
    """Finds one module, with changed source in place of its file's."""

    def __init__(self, path: Path, source: str) -> None:
        importlib.machinery.SourceFileLoader.__init__(self, ".".join(path.with_suffix("").parts), str(path.resolve()))
        self.source = source

    def find_spec(self, fullname, path=None, target=None):
        """See `importlib.abc.MetaPathFinder`."""
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self)

    def get_code(self, fullname: str) -> CodeType:
        """See `importlib.abc.InspectLoader`."""
        return compile(self.source, self.path, "exec")


if __name__ == "__main__":
    main()
