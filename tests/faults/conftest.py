"""The process that cases are children of, and counts of the cases."""

from collections.abc import Iterator

import pytest
from fault_cases import COUNTS, Host, started


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """Started once: it imports for seconds what a case then has at once."""
    host = started(tmp_path_factory.mktemp("host"))
    yield host
    assert host.process.stdin is not None
    host.process.stdin.close()
    host.process.wait(30)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many faults there were, by kind; with several processes each knows of its own alone."""
    for kind in sorted(COUNTS):
        terminalreporter.write_line(f"{kind}: {COUNTS[kind]} faults")
