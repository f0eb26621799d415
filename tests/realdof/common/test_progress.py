"""A log gets a line every ten seconds or twentieth of the way, and one at the end; a terminal gets a bar."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO

import pytest

from realdof.common import progress
from realdof.common.console import PlainConsole
from realdof.common.progress import Bar, byte_bar, progress_bar


class Clock:
    """Seconds that pass when the test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def logging_to(
    monkeypatch: pytest.MonkeyPatch, make: Callable[[], Bar], *, terminal: bool = False
) -> Iterator[tuple[Bar, Clock, Callable[[], list[str]]]]:
    """A bar, its clock and the lines that it has written."""
    file, clock = StringIO(), Clock()
    console = PlainConsole(file=file, width=80, force_terminal=terminal, get_time=clock)
    monkeypatch.setattr(progress, "stderr", console)
    with make() as bar:
        bar.get_time = clock  # type: ignore[method-assign]
        yield bar, clock, lambda: file.getvalue().splitlines()


def test_a_slow_work_has_a_line_every_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    with logging_to(monkeypatch, progress_bar) as (bar, clock, lines):
        task = bar.add_task("building", total=1000, detail="")
        bar.begin(task, completed=0)
        for _ in range(60):
            clock.now += 1
            bar.update(task, advance=1, detail=f"scene at {clock.now:.0f}")
    assert lines()[0] == "building: 0 of 1000 (0%)"
    assert [line.split("scene at ")[-1] for line in lines()[1:]] == ["10", "20", "30", "40", "50", "60"]
    assert lines()[1].startswith("building: 10 of 1000 (1%), 0:00:10 gone, 0:")
    assert "left" in lines()[1]


def test_a_quick_work_has_a_line_every_twentieth_but_not_within_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    with logging_to(monkeypatch, progress_bar) as (bar, clock, lines):
        task = bar.add_task("run", total=100, detail="")
        for _ in range(100):
            clock.now += 0.4
            bar.update(task, advance=1)
    counts = [int(line.split()[1]) for line in lines()]
    assert counts == [*range(5, 101, 5)]


def test_what_takes_no_time_has_one_line_at_the_end_and_none_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    with logging_to(monkeypatch, progress_bar) as (bar, _, lines):
        task = bar.add_task("hashing", total=3, detail="")
        for _ in range(3):
            bar.update(task, advance=1)
        bar.update(task, completed=3)
    assert lines() == ["hashing: 3 of 3 (100%), 0:00:00 gone"]


def test_a_task_that_nobody_should_see_has_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with logging_to(monkeypatch, progress_bar) as (bar, clock, lines):
        task = bar.add_task("making", total=2, detail="", visible=False)
        clock.now += 100
        bar.update(task, completed=2)
    assert lines() == []


@pytest.mark.parametrize(("total", "said"), [(40_000_000, "a.zip: 12.5 of 40.0 MB (31%)"), (None, "a.zip: 12.5 MB")])
def test_a_download_counts_megabytes_also_where_nobody_knows_how_many(
    monkeypatch: pytest.MonkeyPatch, total: int | None, said: str
) -> None:
    with logging_to(monkeypatch, byte_bar) as (bar, clock, lines):
        task = bar.add_task("", total=None, visible=False)
        bar.update(task, description="a.zip", completed=0, total=total, visible=True)
        clock.now += 11
        bar.update(task, completed=12_500_000)
    assert lines()[-1].startswith(said)


def test_a_name_cannot_steer_a_log(monkeypatch: pytest.MonkeyPatch) -> None:
    with logging_to(monkeypatch, progress_bar) as (bar, _, lines):
        bar.update(bar.add_task("run [red]", total=1, detail="\x1b[31m[/]evil"), completed=1)
    assert lines() == ["run [red]: 1 of 1 (100%), 0:00:00 gone, \N{REPLACEMENT CHARACTER}[31m[/]evil"]


def test_a_terminal_has_a_bar_within_its_width(monkeypatch: pytest.MonkeyPatch) -> None:
    with logging_to(monkeypatch, progress_bar, terminal=True) as (bar, _, _lines):
        task = bar.add_task("hyper-laplacian on folder@indoor, ifan-cvpr21", total=76, detail="")
        bar.update(task, completed=12, detail="a" * 90)
        bar.refresh()
        shown = bar.console.render_lines(bar.get_renderable())
        assert len(shown) == 1, "one row, however long the names"
        assert sum(segment.cell_length for segment in shown[0]) <= 80
        assert not bar.disable
