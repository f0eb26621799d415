"""The performance suite: what it measures and writes, and that no finished table is lost."""

import importlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2]))

from tests.performance import __main__ as suite
from tests.performance.suite import pieces
from tests.performance.suite.measurement import (
    END,
    HEAD,
    MARK,
    Cells,
    Line,
    Measurement,
    Sentence,
    Spent,
    as_json,
    as_table,
    exponent,
    from_json,
    in_turns,
    rewrite,
)

ROOT = Path(__file__).parents[2]
SPENT = Spent((3.0, 1.0, 2.0), (0.5, 0.5, 0.25))
ABOUT = {
    "processor": "a processor", "cores": 2, "threads": 2, "load": [0.1, 0.2, 0.3], "packages": {"torch": "2"},
    "date": "2026-11-27",
}  # fmt: skip
LINES: list[Line] = [
    Measurement("starts", "a command", SPENT, SPENT, None, "peer: itself"),
    Cells("starts", tuple("abcdefg")),
    Sentence("starts", "Said after the table."),
]


def test_every_piece_has_a_module_that_measures_and_a_place_on_the_page() -> None:
    page = suite.PAGE.read_text(encoding="utf-8")
    for name, piece in pieces.ALL.items():
        module = importlib.import_module(f"tests.performance.suite.{piece.module}")
        assert callable(module.measure)
        assert MARK.format(name) in page
        assert END.format(name) in page


def test_the_whole_suite_is_foreseen_to_take_at_most_25_minutes() -> None:
    assert sum(piece.seconds[1] for piece in pieces.PIECES.values()) <= 25 * 60


@pytest.mark.parametrize("line", LINES)
def test_a_line_comes_whole_through_the_pipe_of_its_process(line: Line) -> None:
    assert from_json(as_json(line)) == line


def test_a_line_says_peer_floor_and_us_by_median_and_quartiles_and_the_ratio_of_the_cpu() -> None:
    cells = Measurement("scores", "SSIM", SPENT, Spent((8.0,), (1.5,)), SPENT, "how").row().strip("| ").split(" | ")
    assert cells[0] == "SSIM"
    assert cells[1] == "8 s (8 s to 8 s), 1.5 s"
    assert cells[3] == "2 s (1.5 s to 2.5 s), 500 ms"
    assert cells[4:] == ["3.00", "1.00", "how"]


def test_forms_take_turns_and_the_first_turn_does_not_count() -> None:
    order: list[str] = []
    spent = in_turns({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, 2, warm=1)
    assert order == ["a", "b"] * 3
    assert len(spent["a"].wall) == len(spent["b"].cpu) == 2


def test_the_cpu_of_a_form_is_that_of_its_processes_too() -> None:
    busy = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
    spent = in_turns({"busy": lambda: subprocess.run([sys.executable, "-c", busy], check=True)}, 1, warm=0)
    assert spent["busy"].cpu[0] >= 0.3


def test_the_exponent_of_a_power_law_is_found() -> None:
    assert exponent([1, 10, 100], [3 * size**1.4 for size in (1, 10, 100)]) == pytest.approx(1.4)


def test_a_table_takes_the_place_of_the_one_before_and_sentences_stand_below(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n\n{MARK.format('starts')}\nold\n{END.format('starts')}\n\nafter\n")
    assert rewrite(page, {"starts": as_table(LINES, ABOUT), "elsewhere": ""}) == ["elsewhere"]
    text = page.read_text()
    assert "old" not in text
    assert text.startswith("before\n")
    assert text.endswith("\n\nafter\n")
    lines = text.splitlines()
    assert lines.index("| a | b | c | d | e | f | g |") < lines.index("Said after the table.")
    assert f"| {' | '.join(HEAD)} |" in lines


@pytest.fixture
def page(tmp_path: Path) -> Path:
    page = tmp_path / "page.md"
    page.write_text("".join(f"{MARK.format(name)}\nold\n{END.format(name)}\n" for name in pieces.PIECES))
    return page


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    monkeypatch.setattr(sys, "argv", ["performance", *words])
    suite.main()


def test_a_piece_that_fails_is_named_and_loses_no_other_table(
    page: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def measured(name: str, **_: object) -> Iterator[Line]:
        yield Cells(name, (f"line of {name}",))
        if name == "scores":
            raise ChildProcessError("scores ended with status 1")

    monkeypatch.setattr(suite, "measured", measured)
    with pytest.raises(SystemExit, match="not measured: scores"):
        run(monkeypatch, "--write", "--page", str(page), "--only", "networks", "--only", "scores", "--only", "starts")
    text = page.read_text()
    assert "line of networks" in text
    assert "line of starts" in text
    assert "line of scores" not in text
    said = capsys.readouterr().out
    assert "[2/3] scores, about" in said
    assert "min left" in said


def test_what_is_finished_before_ctrl_c_is_written_and_the_rest_is_said(
    page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measured(name: str, **_: object) -> Iterator[Line]:
        if name == "starts":
            raise KeyboardInterrupt
        yield Cells(name, (f"line of {name}",))

    monkeypatch.setattr(suite, "measured", measured)
    with pytest.raises(SystemExit, match=r"stopped in starts.*--only starts --only sizes"):
        run(monkeypatch, "--write", "--page", str(page), "--only", "networks", "--only", "starts", "--only", "sizes")
    assert "line of networks" in page.read_text()


def test_a_process_that_fails_is_an_error_and_its_output_is_passed_on(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ChildProcessError, match="nothing ended with status 1"):
        list(pieces.measured("nothing", quick=True))
    assert "KeyError: 'nothing'" in capfd.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("name", pieces.PIECES)
def test_the_piece_measures_quickly(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    start = time.perf_counter()
    found = list(pieces.measured(name, quick=True))
    head = pieces.head_of(name)
    rows = [line for line in found if not isinstance(line, Sentence)]
    assert rows
    assert all(line.row().count(" | ") == len(head) - 1 for line in rows)
    assert {line.piece for line in found} == {name}
    assert time.perf_counter() - start < 300


@pytest.mark.slow
def test_the_gpus_piece_works_with_the_processor_as_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    lines = list(pieces.measured(pieces.GPU, quick=True, device="cpu"))
    assert len(lines) == 6
