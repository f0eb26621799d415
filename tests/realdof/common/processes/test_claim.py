"""A claim: one process at a time writes a folder, whatever kills the others and on whatever machine they run."""

import errno
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from realdof.common.errors import InputError
from realdof.common.processes import claim
from realdof.common.processes.claim import CLAIM, claimed
from realdof.common.processes.owner import is_alive

HOLD = """
import sys, time
from pathlib import Path
from realdof.common.processes.claim import claimed
with claimed(Path(sys.argv[1])):
    print("claimed", flush=True)
    time.sleep(600)
"""

CONTEST = """
import os, sys
from pathlib import Path
from realdof.common.processes.claim import claimed
from realdof.common.errors import InputError

def tell(word):
    log = os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND)
    os.write(log, f"{word} {os.getpid()}\\n".encode())
    os.close(log)

print("started", flush=True)
while True:
    try:
        with claimed(Path(sys.argv[1])):
            tell("enter")
            tell("leave")
    except InputError:
        pass
"""


def started(script: str, *arguments: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", script, *map(str, arguments)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().strip() in ("claimed", "started")
    return process


def leave_claim(path: Path, counter: int = 0, **differences: object) -> None:
    """A claim's file as another process would have written it."""
    owner = claim.this_process().model_copy(update=differences)
    path.write_text(f"{counter:012}\n{owner.model_dump_json()}\n")


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A minute lasts two seconds, a beat a tenth of one."""
    monkeypatch.setattr(claim, "STILL_SECONDS", 2.0)
    monkeypatch.setattr(claim, "BEAT_SECONDS", 0.1)
    monkeypatch.setattr(claim, "_LOOK_SECONDS", 0.1)


def test_a_claimed_folder_is_refused_with_who_has_it_since_when_and_what_to_do(tmp_path: Path) -> None:
    holder = started(HOLD, tmp_path)
    try:
        with pytest.raises(InputError) as caught, claimed(tmp_path):
            pass
    finally:
        holder.kill()
        holder.wait()
    sentence = str(caught.value)
    assert sentence.startswith(f"{tmp_path} is in use by process {holder.pid} on {os.uname().nodename} since 20")
    assert sentence.endswith(" UTC; wait until it is done, stop it, or give another folder")


def test_a_folder_is_refused_to_the_same_process_too_and_free_afterwards(tmp_path: Path) -> None:
    with claimed(tmp_path), pytest.raises(InputError, match=f"process {os.getpid()} "), claimed(tmp_path):
        pass
    assert files(tmp_path) == []
    with claimed(tmp_path) as again:
        again.check()


@pytest.mark.parametrize("is_reaped", [True, False])
def test_the_claim_of_a_killed_process_is_taken_over_at_once(tmp_path: Path, is_reaped: bool) -> None:
    holder = started(HOLD, tmp_path)
    holder.send_signal(signal.SIGKILL)
    if is_reaped:
        holder.wait()
    else:
        os.waitid(os.P_PID, holder.pid, os.WEXITED | os.WNOWAIT)
    begin = time.monotonic()
    with claimed(tmp_path):
        assert time.monotonic() - begin < 2
        assert files(tmp_path) == [CLAIM]
    assert files(tmp_path) == []
    holder.wait()


def test_another_process_with_a_dead_one_s_number_does_not_keep_its_claim(tmp_path: Path) -> None:
    leave_claim(tmp_path / CLAIM, started=1.0)
    with claimed(tmp_path):
        pass
    assert files(tmp_path) == []


@pytest.mark.usefixtures("hurried")
def test_another_machine_s_claim_is_respected_while_its_counter_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with claimed(tmp_path), monkeypatch.context() as elsewhere:
        elsewhere.setattr(claim, "this_machine", lambda: "another")
        told: list[str] = []
        begin = time.monotonic()
        with pytest.raises(InputError, match="is in use by process"), claimed(tmp_path, told.append):
            pass
        assert time.monotonic() - begin < 1.9
        (sentence,) = told
        assert "watching for up to 2 s" in sentence
    assert files(tmp_path) == []


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("content", [None, "", "0000", "000000000000\n{}\n"])
def test_a_claim_of_another_machine_or_of_nobody_is_taken_over_once_its_counter_stood_still(
    tmp_path: Path, content: str | None
) -> None:
    if content is None:
        leave_claim(tmp_path / CLAIM, counter=7, host="node-3", machine="node-3", process=1)
    else:
        (tmp_path / CLAIM).write_text(content)
    begin = time.monotonic()
    with claimed(tmp_path):
        assert 2 <= time.monotonic() - begin < 10
    assert files(tmp_path) == []


@pytest.mark.usefixtures("hurried")
def test_a_process_that_was_halted_until_its_folder_was_taken_over_stops_and_leaves_the_new_claim(
    tmp_path: Path,
) -> None:
    with claimed(tmp_path) as mine:
        mine.check()
        (tmp_path / CLAIM).unlink()
        leave_claim(tmp_path / CLAIM, host="node-3", machine="node-3", process=5)
        with pytest.raises(InputError, match="was taken over by process 5 on node-3 since"):
            mine.check()
        time.sleep(0.3)
    assert files(tmp_path) == [CLAIM]
    assert '"node-3"' in (tmp_path / CLAIM).read_text()


def test_a_process_whose_claim_was_removed_stops(tmp_path: Path) -> None:
    with claimed(tmp_path) as mine:
        (tmp_path / CLAIM).unlink()
        with pytest.raises(InputError, match=r"\.claim was removed while"):
            mine.check()


def test_a_process_that_died_while_it_ended_a_claim_is_in_nobody_s_way(tmp_path: Path) -> None:
    leave_claim(tmp_path / CLAIM, started=1.0, token="a" * 16)
    leave_claim(tmp_path / f"{CLAIM}.{'a' * 16}", started=1.0, token="b" * 16)
    leave_claim(tmp_path / f"{CLAIM}.{'c' * 16}", started=1.0)
    with claimed(tmp_path):
        assert files(tmp_path) == [CLAIM]
    assert files(tmp_path) == []


def test_who_ends_a_claim_never_removes_its_successor(tmp_path: Path) -> None:
    with claimed(tmp_path) as mine:
        assert not claim._end(tmp_path / CLAIM, "a" * 16)
        mine.check()


def test_the_folder_s_removal_does_not_hide_another_error(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(ZeroDivisionError), claimed(folder):
        raise ZeroDivisionError(shutil.rmtree(folder))


def test_a_folder_that_cannot_be_written_to_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot write to .*nowhere: No such file"), claimed(tmp_path / "nowhere"):
        pass


def test_start_times_do_not_depend_on_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    before = claim.this_process()
    boot = psutil.boot_time() + 3600
    monkeypatch.setattr("psutil._pslinux.boot_time", lambda: boot)
    monkeypatch.setattr("psutil.boot_time", lambda: boot)
    assert is_alive(before)


@pytest.mark.slow
def test_of_processes_that_are_killed_at_any_moment_one_at_a_time_has_the_folder(tmp_path: Path) -> None:
    folder, log = tmp_path / "out", tmp_path / "log"
    folder.mkdir()
    log.touch()
    chance, killed = random.Random(5), set()
    contestants = [started(CONTEST, folder, log) for _ in range(3)]
    for _ in range(30):
        time.sleep(chance.uniform(0.02, 0.15))
        victim = contestants.pop(chance.randrange(len(contestants)))
        victim.kill()
        victim.wait()
        killed.add(victim.pid)
        contestants.append(started(CONTEST, folder, log))
    for contestant in contestants:
        contestant.kill()
        contestant.wait()
        killed.add(contestant.pid)
    within: int | None = None
    lines = [(word, int(pid)) for word, pid in map(str.split, log.read_text().splitlines())]
    for word, pid in lines:
        if word == "enter":
            assert within is None or (within in killed and within != pid)
            within = pid
        else:
            assert within == pid
            within = None
    assert len(lines) > 100
    with claimed(folder):
        pass
    assert files(folder) == []


def test_a_forked_child_does_not_release_its_parent_s_claim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with claimed(tmp_path) as mine:
        with monkeypatch.context() as child:
            child.setattr(os, "getpid", lambda: 1)
            mine.release()
        assert files(tmp_path) == [CLAIM]
        mine.check()
    assert files(tmp_path) == []


def test_on_a_full_disk_a_claim_still_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with claimed(tmp_path):
        monkeypatch.setattr(claim, "_linked", full)
    assert files(tmp_path) == []


def test_a_claim_that_ends_while_another_process_looks_at_it_is_that_one_s_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = claim._read

    def ended(path: Path) -> object:
        monkeypatch.setattr(claim, "_read", read)
        path.unlink()
        return read(path)

    leave_claim(tmp_path / CLAIM)
    monkeypatch.setattr(claim, "_read", ended)
    with claimed(tmp_path) as mine:
        mine.check()


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("successor", [None, 7])
def test_a_watched_claim_that_ends_is_not_waited_for_and_its_successor_is_respected(
    tmp_path: Path, successor: int | None
) -> None:
    leave_claim(tmp_path / CLAIM, host="node-3", machine="node-3", process=1, token="a" * 16)

    def end_it(sentence: str) -> None:
        (tmp_path / CLAIM).unlink()
        if successor is not None:
            leave_claim(tmp_path / CLAIM, token="b" * 16)

    begin = time.monotonic()
    if successor is None:
        with claimed(tmp_path, end_it) as mine:
            mine.check()
    else:
        with pytest.raises(InputError, match=f"in use by process {os.getpid()} "), claimed(tmp_path, end_it):
            pass
        assert files(tmp_path) == [CLAIM]
    assert time.monotonic() - begin < 1.9


def test_a_process_whose_new_claim_was_taken_over_at_once_does_not_have_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked = claim._linked

    def halted(path: Path, content: bytes) -> int:
        file = linked(path, content)
        monkeypatch.setattr(claim, "_linked", linked)
        path.unlink()
        leave_claim(path, token="b" * 16)
        return file

    monkeypatch.setattr(claim, "_linked", halted)
    with pytest.raises(InputError, match=f"in use by process {os.getpid()} "), claimed(tmp_path):
        pass
    assert files(tmp_path) == [CLAIM]


def test_a_disk_that_cannot_be_read_after_the_claim_was_written_keeps_no_claim(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(path: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(claim, "_read", unreadable)
    with pytest.raises(InputError, match=r"cannot write to .*: Input/output error"), claimed(tmp_path):
        pass
    assert files(tmp_path) == []


def test_without_hard_links_a_claim_is_kept_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(source: Path, destination: Path) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    with claimed(tmp_path), pytest.raises(InputError, match=f"in use by process {os.getpid()} "), claimed(tmp_path):
        pass
    assert files(tmp_path) == []


def test_a_claim_that_someone_else_is_ending_is_tried_again_until_it_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_claim(tmp_path / CLAIM, started=1.0, token="a" * 16)
    leave_claim(tmp_path / f"{CLAIM}.{'a' * 16}", token="b" * 16)
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        (tmp_path / f"{CLAIM}.{'a' * 16}").unlink(missing_ok=True)

    monkeypatch.setattr(time, "sleep", sleep)
    with claimed(tmp_path):
        assert waits == [claim._RETRY_SECONDS]
    assert files(tmp_path) == []


def test_marks_of_earlier_claims_are_litter_and_a_mark_of_the_present_one_is_not(tmp_path: Path) -> None:
    for token in "ab":
        leave_claim(tmp_path / f"{CLAIM}.{token * 16}")
    claim._remove_litter(tmp_path / CLAIM, "a" * 16)
    assert files(tmp_path) == [f"{CLAIM}.{'a' * 16}"]


@pytest.mark.parametrize("is_taken_over", [False, True])
def test_a_mark_that_another_process_removed_or_took_over_is_left_to_it(tmp_path: Path, is_taken_over: bool) -> None:
    leave_claim(tmp_path / CLAIM, token="a" * 16)
    mark = tmp_path / f"{CLAIM}.{'a' * 16}"
    with claim._right_to_end(tmp_path / CLAIM, "a" * 16) as has_right:
        assert has_right
        mark.unlink()
        if is_taken_over:
            leave_claim(mark, token="b" * 16)
    assert mark.exists() == is_taken_over
