"""What a killed process left behind is removed by the next one that writes there; what lives is left alone."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from realdof.common import temporary
from realdof.common.files import atomic_path, write_text

KILLED = """
import os, signal, sys
from pathlib import Path
from realdof.common.files import atomic_path
with atomic_path(Path(sys.argv[1])) as path:
    path.write_text("half")
    if sys.argv[2] == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    print("writing", flush=True)
    sys.stdin.read()
"""


def hidden(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name.startswith(".")]


def started(path: Path, how: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path), how], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_a_killed_process_leaves_a_file_that_the_next_writer_removes_and_a_living_ones_stays(tmp_path: Path) -> None:
    living = started(tmp_path / "b.txt", "living")
    assert living.stdout is not None
    assert living.stdout.readline() == "writing\n"
    started(tmp_path / "a.txt", "killed").communicate(timeout=60)
    assert len(hidden(tmp_path)) == 2
    write_text(tmp_path / "c.txt", "whole")
    (left,) = hidden(tmp_path)
    assert left.name.startswith(".b-")
    living.communicate("", timeout=60)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.txt", "c.txt"]
    assert (tmp_path / "b.txt").read_text(encoding="utf-8") == "half"


@pytest.mark.parametrize(("hours", "left"), [(1, True), (25, False)])
def test_another_machines_file_is_removed_once_it_is_a_day_old(
    hours: int, left: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(temporary, "_machine", lambda: "0123abcd")
    theirs = tmp_path / temporary.temporary_name("a.png")
    theirs.touch()
    monkeypatch.undo()
    then = time.time() - 3600 * hours
    os.utime(theirs, (then, then))
    mine = tmp_path / ".notes-12345678.txt"
    mine.touch()
    os.utime(mine, (then, then))
    # A folder that pytest has removed gives its name to the next test's.
    temporary._remove_once.cache_clear()
    temporary.remove_abandoned(tmp_path)
    assert theirs.exists() == left
    assert mine.exists(), "a hidden file of somebody else"


@pytest.mark.parametrize("name", ["a.png", "noext", ".hidden", "é" * 100 + ".png", "two.dots.tiff"])
def test_a_temporary_name_keeps_the_suffix_and_is_no_longer_than_a_name_may_be(name: str, tmp_path: Path) -> None:
    made = temporary.temporary_name(name)
    assert len(os.fsencode(made)) < 255
    assert made.endswith(Path(name).suffix)
    with atomic_path(tmp_path / name) as path:
        path.write_bytes(b"x")
    assert [path.name for path in tmp_path.iterdir()] == [name]
