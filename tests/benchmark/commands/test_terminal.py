"""What is printed is text, whatever names and reasons hold: square brackets are no markup."""

from collections.abc import Callable

import pytest

from benchmark.checks.finding import Finding
from benchmark.commands import terminal
from benchmark.commands.check.printing import print_findings
from benchmark.commands.look.method_groups import Listed
from benchmark.datasets.card import DatasetCard
from benchmark.leaderboards.render.tables import Cell, Table
from benchmark.method import MethodCard

HOSTILE = "[/red] of [hub] [bold"


def one_method() -> None:
    terminal.print_methods([Listed(HOSTILE, MethodCard(HOSTILE, HOSTILE, "single", HOSTILE), "ready now", HOSTILE)])


def one_data_set() -> None:
    terminal.print_datasets([DatasetCard(HOSTILE, HOSTILE, HOSTILE, HOSTILE, "")])


def one_table() -> None:
    terminal.print_table(Table(HOSTILE, (HOSTILE,), ((Cell(HOSTILE, "best", HOSTILE),),), (HOSTILE,)), [])


def one_finding() -> None:
    with pytest.raises(BaseException, match="1"):
        print_findings([Finding(HOSTILE, HOSTILE)])


@pytest.mark.parametrize("show", [one_method, one_data_set, one_table, one_finding])
def test_square_brackets_are_shown_as_they_are(
    show: Callable[[], None], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal.stdout, "_width", 400)
    show()
    assert HOSTILE in capsys.readouterr().out


@pytest.mark.parametrize("showing", [terminal.showing_progress, terminal.showing_preparation])
def test_a_title_with_brackets_ends_no_progress_bar(showing) -> None:
    with showing(HOSTILE) as report:
        assert callable(report)
