"""Which test executes which line of the modules that are changed, and how long each test takes."""

import json
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import coverage
import pytest
from mutants import PACKAGES, statement_at

TESTS = (
    "tests/benchmark/metrics", "tests/benchmark/protocols", "tests/benchmark/results", "tests/benchmark/leaderboards",
    "tests/realdof/alignment", "tests/laws",
)  # fmt: skip
WORDS = ["-o", "addopts=", "--import-mode=importlib", "-m", "not slow", "-q", "-p", "no:cacheprovider"]


class Measure:
    """Notes the lines and the seconds of each test that passes while pytest runs them all."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seconds: dict[str, float] = {}
        self.bad: set[str] = set()
        include = [f"{Path(package).resolve()}/*.py" for package in PACKAGES]
        self.coverage = coverage.Coverage(data_file=None, config_file=False, include=include)
        self.coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Let what runs be this test's."""
        self.coverage.switch_context(item.nodeid)
        started = time.perf_counter()
        result = yield
        self.seconds[item.nodeid] = round(time.perf_counter() - started, 4)
        self.coverage.switch_context("")
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test that is skipped or fails without a change says nothing."""
        if not report.passed:
            self.bad.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        """Write what was found."""
        self.coverage.stop()
        data = self.coverage.get_data()
        tests = [name for name in self.seconds if name not in self.bad]
        numbers = {name: number for number, name in enumerate(tests)} | {"": -1}
        lines = {
            str(Path(file).relative_to(Path.cwd())): {
                line: [numbers[name] for name in names if name in numbers]
                for line, names in data.contexts_by_lineno(file).items()
            }
            for file in data.measured_files()
        }
        found = {"tests": [(name, self.seconds[name]) for name in tests], "lines": lines, "bad": sorted(self.bad)}
        self.path.write_text(json.dumps(found))


class Reach:
    """What `Measure` has written."""

    def __init__(self, path: Path) -> None:
        found: dict[str, Any] = json.loads(path.read_text())
        self.seconds = {name: float(seconds) for name, seconds in found["tests"]}
        names = [name for name, _ in found["tests"]]
        self.lines: dict[str, dict[int, set[str]]] = {
            file: {int(line): {names[number] for number in numbers if number >= 0} for line, numbers in lines.items()}
            for file, lines in found["lines"].items()
        }

    def tests_of(self, path: str, number: int) -> list[str]:
        """The tests that execute a line: the twenty quickest, then file by file, the mirroring file first."""
        lines = self.lines.get(path, {})
        statement, function = statement_at(path, number)
        found: set[str] = set()
        for place in (statement, function):
            found = found or set().union(*(lines.get(line, set()) for line in place))
        found = found or set().union(*lines.values())
        quickest = sorted(found, key=self.seconds.__getitem__)
        return quickest[:20] + self._by_file(path, set(quickest[20:]))

    def _by_file(self, path: str, names: set[str]) -> list[str]:
        files: dict[str, list[str]] = defaultdict(list)
        for name in self.seconds:
            if name in names:
                files[name.partition("::")[0]].append(name)
        mirrors = f"test_{Path(path).stem}.py"

        def weight(file: str) -> tuple[bool, float]:
            return not file.endswith(mirrors), sum(self.seconds[name] for name in files[file])

        return [name for file in sorted(files, key=weight) for name in files[file]]
