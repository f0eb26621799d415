"""How one mutant is tried: in a fork with modules imported and tests collected, or in one without."""

import gc
import importlib.abc
import importlib.machinery
import importlib.util
import os
import resource
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest
from mutants import PACKAGES, changed_functions
from reach import TESTS, WORDS

_SECONDS_MORE, _TIMES_LONGER = 30, 5
_OWN_ERROR = 90
_MOST_BYTES = 8 << 30


class NoTestWasRunError(Exception):
    """The fork ended before its first test."""


class Failed:
    """Notes whether a test failed."""

    failed = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """See pytest."""
        self.failed = self.failed or report.failed


class Loop(Failed):
    """Stands in for pytest's loop over the collected tests and gives it to a function that tries mutants."""

    def __init__(self, work: "Callable[[Loop], None]") -> None:
        self.work = work
        self.items: dict[str, pytest.Item] = {}
        self.functions: defaultdict[str, list[FunctionType]] = defaultdict(list)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """See pytest."""
        assert not session.testsfailed
        self.items = {item.nodeid: item for item in session.items}
        for package in PACKAGES:
            for path in Path(package).glob("*.py"):
                importlib.import_module(module_of(path))
        for function in gc.get_objects():
            if type(function) is FunctionType:
                self.functions[function.__code__.co_filename].append(function)
        # A collection in a fork would touch, and so copy, every page of memory.
        gc.freeze()
        gc.disable()
        self.work(self)
        return True

    def noticed(self, path: str, source: str | None, tests: Sequence[str], seconds: float) -> bool | None:
        """Whether one of the tests fails with the changed functions in place; None if they take too long."""

        def attempt() -> int:
            if source is not None:
                self.put_in_place(path, source)
            self.failed = False
            items = [self.items[name] for name in tests]
            for item, following in zip(items, [*items[1:], None], strict=True):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if self.failed:
                    return 1
            return 0

        return ended(attempt, _SECONDS_MORE + _TIMES_LONGER * seconds)

    def put_in_place(self, path: str, source: str) -> None:
        """Give every function of a module that is imported its changed code."""
        pairs = changed_functions(path, source)
        assert pairs, path
        count = 0
        for function in self.functions[str(Path(path).resolve())]:
            for old, new in pairs:
                if function.__code__ == old and function.__code__.co_qualname == old.co_qualname:
                    function.__code__ = new
                    count += 1
                    break
        assert count, f"no function of {path} was found"


class Order(Failed):
    """Lets pytest run these tests in this order."""

    def __init__(self, tests: Sequence[str]) -> None:
        self.tests = tests

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """See pytest."""
        by_name = {item.nodeid: item for item in items}
        items[:] = [by_name[name] for name in self.tests if name in by_name]


def collected(work: Callable[[Loop], None]) -> None:
    """Import everything, collect all tests, and do work with them, in a fork."""

    def attempt() -> int:
        return int(pytest.main([*WORDS, "-x", *TESTS], plugins=[Loop(work)]))

    assert ended(attempt, 1e9, quiet=False) is False


def noticed_at_import(path: str, source: str, tests: Sequence[str], seconds: float) -> bool | None:
    """Whether one of the tests fails if the module is imported with its change; None if they take too long."""

    def attempt() -> int:
        import sys

        sys.meta_path.insert(0, Changed(Path(path), source))
        files = sorted({name.partition("::")[0] for name in tests})
        return int(pytest.main([*WORDS, "-x", *files], plugins=[Order(tests)]))

    return ended(attempt, 2 * _SECONDS_MORE + _TIMES_LONGER * seconds)


def ended(attempt: Callable[[], int], seconds: float, quiet: bool = True) -> bool | None:
    """Call it in a fork, of which it is the exit status; whether that was not 0, None if it took too long."""
    process = os.fork()
    if process == 0:
        status = _OWN_ERROR
        try:
            os.setpgid(0, 0)
            if quiet:
                null = os.open(os.devnull, os.O_RDWR)
                for stream in (0, 1, 2):
                    os.dup2(null, stream)
                # A changed number can ask for an array of any size.
                resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
            status = attempt()
        finally:
            os._exit(status)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            # 4 and 5 are pytest's for a wrong command line and for no tests.
            if code in (_OWN_ERROR, 4, 5):
                raise NoTestWasRunError
            return code != 0
        time.sleep(0.02)
    os.killpg(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return None


def module_of(path: Path) -> str:
    """The name that a file is imported by."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


class Changed(importlib.abc.MetaPathFinder, importlib.machinery.SourceFileLoader):
    """Finds one module, with changed source in place of its file's."""

    def __init__(self, path: Path, source: str) -> None:
        importlib.machinery.SourceFileLoader.__init__(self, module_of(path), str(path.resolve()))
        self.source = source

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        """See `importlib.abc.MetaPathFinder`."""
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self)

    def get_code(self, fullname: str) -> CodeType:
        """See `importlib.abc.InspectLoader`."""
        return compile(self.source, self.path, "exec")
