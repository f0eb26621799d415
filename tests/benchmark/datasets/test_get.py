"""`ifan-bench data get` from servers good and bad: the set is there whole and checked, or one sentence says why."""

import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from hostile_server import Server, serving
from published_trees import CLASSES, bench, small_sets, texture, write_tree

from benchmark.datasets.card import Archive
from benchmark.datasets.get import fetch, install
from benchmark.datasets.get.archive import Limits
from realdof.common.download import Connection
from realdof.common.processes.locks import locked
from realdof.images.files import write_pixels

__all__ = ["bench", "small_sets"]
pytestmark = pytest.mark.usefixtures("small_sets")


def zipped(tree: Path, path: Path, around: str = "") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(tree.rglob("*")):
            archive.write(file, f"{around}{file.relative_to(tree).as_posix()}")
    return path


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests do not wait between tries."""
    monkeypatch.setattr(fetch, "PAUSE", 0.0)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """RealDOF, zipped as its authors might."""
    return zipped(write_tree("realdof", tmp_path / "tree"), tmp_path / "published.zip", around="RealDOF/")


@pytest.fixture
def server(archive: Path) -> Iterator[Server]:
    """Serves it."""
    with serving(archive.read_bytes()) as server:
        yield server


def mirrors(server: Server, *behaviours: str) -> list[str]:
    return [word for behaviour in behaviours for word in ("--mirror", server.url(behaviour))]


@pytest.mark.parametrize("name", ["dpdd", "realdof", "cuhk", "pixeldp"])
@pytest.mark.parametrize("around", ["", "set/"])
def test_every_published_set_is_fetched_and_runs(bench, name: str, around: str, tmp_path: Path) -> None:
    archive = zipped(write_tree(name, tmp_path / "tree"), tmp_path / "published.zip", around)
    with serving(archive.read_bytes()) as server:
        answer = bench("data", "get", name, *mirrors(server, "good"))
    assert answer.status == 0, answer.err
    assert f"is in {tmp_path / 'cache' / 'datasets' / name}" in answer.out
    metrics = () if name in ("cuhk", "pixeldp") else ("--metrics", "psnr")
    ran = bench("run", "--method", "input", "--dataset", name, *metrics, "--results", tmp_path / "results")
    assert ran.status == 0, ran.err
    board = bench("leaderboard", "--dataset", name, "--results", tmp_path / "results")
    assert board.status == 0, board.err


def test_nothing_but_the_set_and_the_hash_is_left(bench, server: Server, tmp_path: Path) -> None:
    assert bench("data", "get", "realdof", *mirrors(server, "good")).status == 0
    cache = tmp_path / "cache"
    assert [path.name for path in (cache / "datasets").iterdir()] == ["realdof"]
    assert [path.name for path in (cache / "downloads").iterdir()] == ["RealDOF.zip.sha256.json"]
    known = json.loads((cache / "downloads" / "RealDOF.zip.sha256.json").read_text())
    assert known["sha256"] == sha256(server.content).hexdigest()


def test_a_set_that_is_there_is_not_fetched_again(bench, server: Server) -> None:
    assert bench("data", "get", "realdof", *mirrors(server, "good")).status == 0
    assert bench("data", "get", "realdof", *mirrors(server, "good")).status == 0
    assert len(server.asked) == 1


def test_a_connection_that_keeps_breaking_is_gone_on_with(bench, server: Server) -> None:
    assert bench("data", "get", "realdof", *mirrors(server, "drops")).status == 0
    starts = [int((asked or "bytes=0-")[6:-1]) for asked in server.ranges("drops")]
    assert starts == sorted(set(starts)), "every connection goes on behind the one before"
    assert 4 <= len(starts) <= 8


def test_a_download_that_was_stopped_goes_on_next_time_with_the_same_mirror(
    bench, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as once:
        once.setattr(fetch, "ALL_TRIES", 1)
        assert bench("data", "get", "realdof", *mirrors(server, "drops")).status == 2
    assert bench("data", "get", "realdof", *mirrors(server, "good", "drops")).status == 0
    assert server.ranges("good") == []
    assert (server.ranges("drops")[1] or "bytes=0-") > "bytes=0-", "not from the beginning again"


def test_a_download_that_was_whole_when_the_process_was_killed_is_not_asked_for_again(
    server: Server, tmp_path: Path
) -> None:
    def killed(path: Path) -> None:
        raise KeyboardInterrupt

    archive = Archive("set.zip", (server.url("good"),), Limits(10**6, 10))
    with pytest.raises(KeyboardInterrupt):
        fetch.fetch(archive, tmp_path / "downloads", Connection(), killed)
    path = fetch.fetch(archive, tmp_path / "downloads", Connection(), lambda path: None)
    assert path.read_bytes() == server.content
    assert server.ranges("good") == [None]


def test_a_server_that_makes_one_begin_again_and_again_is_given_up(bench, server: Server) -> None:
    assert "ended too early" in bench("data", "get", "realdof", *mirrors(server, "other-part")).refusal
    assert len(server.asked) <= fetch.IDLE_TRIES + 1


def test_a_server_that_is_silent_for_a_while_is_asked_again(server: Server, tmp_path: Path) -> None:
    archive = Archive("set.zip", (server.url("silent"),), Limits(10**6, 10))
    path = fetch.fetch(archive, tmp_path, Connection(timeout=0.3), lambda path: None)
    assert path.read_bytes() == server.content
    assert server.ranges("silent") == [None, None]


def test_a_server_that_refuses_the_first_two_connections_is_asked_again_after_longer_and_longer_pauses(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(fetch, "PAUSE", 1.0)
    monkeypatch.setattr("time.sleep", pauses.append)
    archive = Archive("set.zip", (server.url("refuses"),), Limits(10**6, 10))
    assert fetch.fetch(archive, tmp_path, Connection(), lambda path: None).read_bytes() == server.content
    assert pauses == [1, 2]


def test_size_and_free_space_are_shown_before_the_download(bench, server: Server) -> None:
    answer = bench("data", "get", "realdof", *mirrors(server, "good"))
    assert f"RealDOF.zip from {server.url('good')}: 0.00 GB; " in answer.err
    assert "GB are free in" in answer.err


@pytest.mark.parametrize("name", ["rtf", "sdd", "realdefocus", "ntire21", "pixel4", "dpdd-native"])
def test_a_set_without_a_direct_download_says_what_a_person_must_do(bench, name: str, tmp_path: Path) -> None:
    refusal = bench("data", "get", name, "--root", tmp_path / "set").refusal
    assert "has no direct download. " in refusal
    assert "--root" in refusal


def test_two_processes_do_not_write_to_one_file(bench, server: Server, tmp_path: Path) -> None:
    part = tmp_path / "cache" / "downloads" / "RealDOF.zip.part"
    part.parent.mkdir(parents=True)
    with locked(part.with_name(f"{part.name}.lock")):
        assert "another process is fetching" in bench("data", "get", "realdof", *mirrors(server, "good")).refusal
    assert bench("data", "get", "realdof", *mirrors(server, "good")).status == 0


@pytest.mark.parametrize("behaviour", ["changes", "no-range", "no-tag", "other-part", "busy"])
def test_two_files_are_never_mixed(bench, server: Server, behaviour: str, tmp_path: Path) -> None:
    answer = bench("data", "get", "realdof", *mirrors(server, behaviour, "good"))
    assert answer.status == 0, answer.err
    known = json.loads((tmp_path / "cache" / "downloads" / "RealDOF.zip.sha256.json").read_text())
    assert known["sha256"] == sha256(server.content).hexdigest()


BAD = {
    "long": "broke off",
    "short": "no whole zip or tar archive",
    "huge": "at most",
    "endless": "not the right file",
    "page": "gave a web page, not an archive",
    "page-as-zip": "gave a web page, not an archive",
    "nothing": "no connection",
    "missing": "the server answers 404",
    "encoded": "in another encoding",
    "text": "no whole zip or tar archive",
}


@pytest.mark.parametrize("behaviour", BAD)
def test_a_bad_server_is_told_in_one_sentence_and_leaves_no_set(
    bench, server: Server, behaviour: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    realdof = CLASSES["realdof"]
    small = replace(realdof.card.archive, limits=Limits(10_000_000, 100))
    monkeypatch.setattr(realdof, "card", replace(realdof.card, archive=small))
    refusal = bench("data", "get", "realdof", *mirrors(server, behaviour)).refusal
    assert BAD[behaviour] in refusal
    assert "--from FILE" in refusal
    assert not (tmp_path / "cache" / "datasets").exists()
    assert not list((tmp_path / "cache").rglob("*.sha256.json")), "the hash of what failed is not recorded"
    left = {path.name for path in (tmp_path / "cache" / "downloads").iterdir()}
    assert left == ({"RealDOF.zip.part", "RealDOF.zip.part.json"} if behaviour in ("long", "endless") else set())


@pytest.mark.parametrize("behaviour", BAD)
def test_after_a_bad_mirror_comes_the_next(
    bench, server: Server, behaviour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    realdof = CLASSES["realdof"]
    small = replace(realdof.card.archive, limits=Limits(10_000_000, 100))
    monkeypatch.setattr(realdof, "card", replace(realdof.card, archive=small))
    answer = bench("data", "get", "realdof", *mirrors(server, behaviour, "good"))
    assert answer.status == 0, answer.err


def test_no_server_at_all_is_told(bench) -> None:
    refusal = bench("data", "get", "realdof", "--mirror", "http://127.0.0.1:9/x.zip", "--mirror", "ftp://x/y").refusal
    assert "no connection" in refusal
    assert "ftp://x/y" in refusal


def test_another_file_than_the_first_time_is_refused(bench, server: Server, tmp_path: Path) -> None:
    assert bench("data", "get", "realdof", *mirrors(server, "good")).status == 0
    server.content = zipped(write_tree("realdof", tmp_path / "other", height=80), tmp_path / "other.zip").read_bytes()
    root = tmp_path / "second"
    refusal = bench("data", "get", "realdof", "--root", root, *mirrors(server, "good")).refusal
    assert "its SHA-256 begins" in refusal
    assert not root.exists()


def test_a_file_that_is_here_needs_no_network_and_stays(bench, archive: Path, tmp_path: Path) -> None:
    root = tmp_path / "here" / "realdof"
    assert bench("data", "get", "realdof", "--from", archive, "--root", root).status == 0
    assert archive.is_file()
    assert len(CLASSES["realdof"](root).entries()) == 3


def test_a_file_is_checked_against_the_hash_as_a_download_is(bench, server: Server, tmp_path: Path) -> None:
    assert bench("data", "get", "realdof", *mirrors(server, "good")).status == 0
    other = zipped(write_tree("realdof", tmp_path / "other", height=80), tmp_path / "other.zip")
    refusal = bench("data", "get", "realdof", "--from", other, "--root", tmp_path / "second").refusal
    assert "another file than the RealDOF.zip known from" in refusal


@pytest.mark.parametrize(("content", "said"), [(b"", "no whole"), (b"<html>", "no whole"), (None, "does not exist")])
def test_a_file_that_is_no_archive_is_refused(bench, tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "RealDOF.zip"
    if content is not None:
        path.write_bytes(content)
    assert said in bench("data", "get", "realdof", "--from", path, "--root", tmp_path / "set").refusal
    assert not (tmp_path / "set").exists()


def test_an_archive_that_climbs_out_leaves_nothing(bench, tmp_path: Path) -> None:
    path = tmp_path / "RealDOF.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("source/01.png", b"x")
        archive.writestr("../../climbed.png", b"x")
    with serving(path.read_bytes()) as server:
        refusal = bench("data", "get", "realdof", "--root", tmp_path / "in" / "set", *mirrors(server, "good")).refusal
    assert "leads elsewhere" in refusal
    assert not list((tmp_path / "in").iterdir())
    assert not list(tmp_path.rglob("climbed.png"))


def test_a_bomb_is_refused(bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "RealDOF.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("source/01.png", bytes(30_000_000))
    realdof = CLASSES["realdof"]
    small = replace(realdof.card.archive, limits=Limits(10_000_000, 100))
    monkeypatch.setattr(realdof, "card", replace(realdof.card, archive=small))
    assert "would unpack to over" in bench("data", "get", "realdof", "--from", path, "--root", tmp_path / "set").refusal
    assert not (tmp_path / "set").exists()


def test_an_archive_of_something_else_says_what_is_missing_and_is_kept(bench, tmp_path: Path) -> None:
    archive = zipped(write_tree("cuhk", tmp_path / "tree"), tmp_path / "published.zip")
    with serving(archive.read_bytes()) as server:
        refusal = bench("data", "get", "realdof", *mirrors(server, "good")).refusal
    assert "is not RealDOF" in refusal
    assert (tmp_path / "cache" / "downloads" / "RealDOF.zip").is_file(), "hours of download are not thrown away"


def test_a_damaged_archive_is_fetched_anew_next_time(bench, server: Server) -> None:
    whole = server.content
    middle = len(whole) // 2
    server.content = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    assert "fetch it again" in bench("data", "get", "realdof", *mirrors(server, "good")).refusal
    server.content = whole
    assert bench("data", "get", "realdof", *mirrors(server, "good")).status == 0


def test_what_is_in_the_way_is_left_alone(bench, server: Server, tmp_path: Path) -> None:
    root = tmp_path / "mine"
    write_pixels(root / "holiday.png", texture(1))
    assert "is not empty, and is not RealDOF" in bench("data", "get", "realdof", "--root", root).refusal
    assert [path.name for path in root.iterdir()] == ["holiday.png"]


def test_a_full_disk_is_told_before_the_download(
    bench, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 100}))
    refusal = bench("data", "get", "realdof", *mirrors(server, "good")).refusal
    assert "100 bytes free" in refusal


def test_a_record_that_is_damaged_is_named(bench, archive: Path) -> None:
    path = install.downloads() / "RealDOF.zip.sha256.json"
    path.parent.mkdir(parents=True)
    path.write_text("{")
    assert str(path) in bench("data", "get", "realdof", "--from", archive).refusal


def test_what_is_published_nowhere_cannot_be_got(bench) -> None:
    assert "there is nothing to get" in bench("data", "get", "folder", "--root", "x").refusal
