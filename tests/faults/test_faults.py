"""Disks that are full, folders that change, processes beside each other: nothing is lost, and the next run finishes.

A case is three images of 64 px with the method `input`.
"""

import errno
import json
import shutil
from pathlib import Path

import pytest
from fault_cases import COUNTS, FULL, HERE, Ended, Fault, Host
from scenarios import MODULE, NAMES, SCENARIOS, SPOILS, lines_of, make_pairs, of_runs

from benchmark.results.run import Run

pytestmark = pytest.mark.slow
RUN = SCENARIOS["run"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With three pairs in it."""
    folder = tmp_path / "w"
    make_pairs(folder / "pairs")
    return folder


def one_sentence(ended: Ended) -> str:
    assert ended.status == 2, (ended.status, ended.said[-600:])
    assert "Traceback" not in ended.said, ended.said
    assert len(ended.refusals) == 1, ended.said
    return ended.refusals[0]


def finished(host: Host, folder: Path, *more: str) -> dict[str, dict[str, float]]:
    """Scores of the run in a folder, after the same command once more."""
    ended = host(folder, [*RUN.words(folder), *more])
    assert ended.status == 0, ended.said
    ((scores, outputs, _),) = of_runs(folder).values()
    assert scores.keys() == set(NAMES)
    assert len(outputs) == len(NAMES)
    return scores


@pytest.mark.parametrize("limit", [3_000, 9_000, 20_000])
def test_a_file_that_may_not_grow_is_one_sentence_and_the_next_run_finishes(
    limit: int, host: Host, folder: Path
) -> None:
    COUNTS["a limit of a file's size"] += 1
    assert "File too large" in one_sentence(host(folder, RUN.words(folder), most_bytes=limit))
    finished(host, folder)


@pytest.mark.parametrize("spoil", ["a file", "a broken link", "no such disk"])
def test_results_that_cannot_be_written_are_one_sentence(spoil: str, host: Host, folder: Path) -> None:
    COUNTS["a results folder that is none"] += 1
    results = folder / "results"
    if spoil == "a file":
        results.write_text("no folder")
    elif spoil == "a broken link":
        results.symlink_to(folder / "nowhere" / "at all")
    words = [word if spoil != "no such disk" or word != str(results) else "/proc/results" for word in RUN.words(folder)]
    assert "cannot write" in one_sentence(host(folder, words))


@pytest.mark.parametrize("role", ["source", "target"])
@pytest.mark.parametrize("how", SPOILS)
def test_files_that_change_during_a_run_are_never_recorded_under_the_old_identity(
    how: str, role: str, host: Host, folder: Path
) -> None:
    COUNTS["a file changed during a run"] += 1
    whole = {path: path.read_bytes() for path in (folder / "pairs").rglob("*.png")}
    words = ["small_sets:run_while_files_change", str(folder / "pairs"), str(folder / "results"), how, f"{role}/c.png"]
    assert "c.png was changed while the run was on" in one_sentence(host(folder, words, before=(MODULE,)))
    (found,) = (folder / "results").glob("*/*/*/run.json")
    assert Run(found.parent).records().keys() == {"a", "b"}
    for path, content in whole.items():
        path.write_bytes(content)
    finished(host, folder)


@pytest.mark.parametrize("elsewhere", [(), (HERE / "other_machine.py",)])
def test_two_processes_and_two_machines_on_one_results_folder_lose_nothing(
    elsewhere: tuple[Path, ...], host: Host, folder: Path
) -> None:
    for _ in range(20 if FULL else 3):
        COUNTS["two machines at once" if elsewhere else "two processes at once"] += 1
        both = (host.request(folder, RUN.words(folder)), host.request(folder, RUN.words(folder), before=elsewhere))
        for ended in host.together(*both):
            assert ended.status == 0, ended.said
        finished(host, folder)


@pytest.mark.parametrize("place", ["run.json", "records.jsonl"])
@pytest.mark.parametrize("how", ["deleted", "truncated", "emptied"])
def test_damaged_results_are_named_or_made_again(place: str, how: str, host: Host, folder: Path) -> None:
    COUNTS["damaged results"] += 1
    before = finished(host, folder)
    (found,) = (folder / "results").glob("*/*/*/run.json")
    SPOILS[how](found.parent / place)
    again = host(folder, RUN.words(folder))
    if again.status == 0:
        assert finished(host, folder) == before
    else:
        assert "remove" in one_sentence(again)


def test_half_a_line_at_the_end_of_the_records_costs_that_image_alone(host: Host, folder: Path) -> None:
    before = finished(host, folder)
    (records,) = (folder / "results").glob("*/*/*/records.jsonl")
    whole = records.read_bytes()
    last = whole.rstrip(b"\n").rfind(b"\n") + 1
    for cut in sorted({last, last + 1, (last + len(whole)) // 2, len(whole) - 2, len(whole) - 1}):
        COUNTS["half a record"] += 1
        records.write_bytes(whole[:cut])
        assert finished(host, folder) == before


def test_a_clock_that_jumps_back_changes_no_figure(host: Host, folder: Path) -> None:
    COUNTS["a clock that jumps back"] += 1
    ended = host(folder, RUN.words(folder), before=(HERE / "backwards.py",))
    assert ended.status == 0, ended.said
    (records,) = (folder / "results").glob("*/*/*/records.jsonl")
    assert all(json.loads(line)["seconds"] >= 0 for line in records.read_text().splitlines())
    jumped = {line["name"]: line["scores"] for line in map(json.loads, records.read_text().splitlines())}
    assert finished(host, folder) == jumped == finished(host, folder, "--again")


def test_an_image_for_which_the_device_has_too_little_memory_fails_alone(host: Host, folder: Path) -> None:
    COUNTS["a device out of memory"] += 1
    lives = folder / "lives"
    lives.mkdir()
    (lives / "one").touch()
    (folder / "none").mkdir()
    words = ["small_sets:run_out_of_memory", str(folder / "pairs"), str(folder / "results"), str(lives)]
    short = host(folder, words, before=(MODULE,))
    assert short.status == 1, short.said
    (found,) = (folder / "results").glob("*/*/*/run.json")
    records = Run(found.parent).records()
    assert {name: record.status for name, record in records.items()} == {"a": "ok", "b": "failed", "c": "ok"}
    assert "out of memory" in str(records["b"].error)
    (lives / "one").unlink()
    enough = host(folder, words, before=(MODULE,))
    assert enough.status == 0, enough.said
    again = Run(found.parent).records()
    assert {name: record.status for name, record in again.items()} == dict.fromkeys(NAMES, "ok")
    assert all(again[name] == records[name] for name in ("a", "c")), "what was done was done again"


@pytest.mark.parametrize("share", (0.2, 0.4, 0.6, 0.7, 0.8, 0.9) if FULL else (0.8,))
def test_a_disk_that_is_full_while_the_results_of_workers_come_in_is_one_sentence(
    share: float, host: Host, folder: Path
) -> None:
    COUNTS["a disk that is full, two workers"] += 1
    words = [*RUN.words(folder), "--workers", "2"]
    # The workers write the images; what this process writes is the run's description and the records.
    whole = host(folder, words, Fault(0, "count"), limit=120)
    assert whole.status == 0, whole.said
    (records,) = (folder / "results").glob("*/*/*/records.jsonl")
    before = {line["name"]: line["scores"] for line in map(json.loads, records.read_text().splitlines())}
    shutil.rmtree(folder / "results")
    full = Fault(max(1, round(share * whole.calls)), "from then on", error=errno.ENOSPC)
    assert "No space left" in one_sentence(host(folder, words, full, limit=120))
    kept = lines_of(folder)
    assert finished(host, folder) == before
    assert kept <= lines_of(folder)
