"""Files are written whole or not at all, as anyone may read them, and never outside their folder."""

import os
import threading
from pathlib import Path

import pytest

from realdof.common.errors import InputError
from realdof.common.files import atomic_path, inside, write_json, write_text


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_file_has_the_mode_that_the_umask_leaves(tmp_path: Path, mask: int, mode: int) -> None:
    before = os.umask(mask)
    try:
        write_text(tmp_path / "a.txt", "a")
    finally:
        os.umask(before)
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == mode


def test_writing_in_one_thread_never_changes_the_umask_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.umask", lambda mask: pytest.fail("the umask is one for all threads"))
    thread = threading.Thread(target=write_text, args=(tmp_path / "a.txt", "a"))
    thread.start()
    thread.join()
    write_text(tmp_path / "b.txt", "b")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "b.txt"]


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), atomic_path(tmp_path / "a.png") as temporary:
        raise ZeroDivisionError(temporary.write_text("half"))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_to_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"cannot write .*a\.json: File exists; give a folder"):
        write_json(tmp_path / "file" / "a.json", {})


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/", "a\\b", "a\0"])
def test_no_name_leads_out_of_a_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="would lead out of"):
        inside(tmp_path, name)
    assert inside(tmp_path, "a", "..b") == tmp_path / "a" / "..b"
