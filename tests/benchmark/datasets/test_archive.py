"""Unpacking what a stranger has packed: plain files inside the folder, or a refusal and nothing outside it."""

import io
import os
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.datasets.get.archive import DamagedArchive, Limits, check_whole, unpack
from realdof.common.errors import InputError

LIMITS = Limits(bytes=100_000, files=20)
FILES = {"DPDD/test_c/source/1.png": b"one", "DPDD/test_c/target/2.png": b"two" * 1000, "DPDD/empty.txt": b""}


def zip_of(path: Path, files: dict[str, bytes], change: Callable[[zipfile.ZipInfo], None] = lambda info: None) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo("x")
            info.filename, info.compress_type = name, zipfile.ZIP_DEFLATED
            change(info)
            archive.writestr(info, content)
    return path


def tar_of(path: Path, files: dict[str, bytes], mode: str = "w", **changes: object) -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            for key, value in changes.items():
                setattr(info, key, value)
            archive.addfile(info, io.BytesIO(content))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where to unpack, with neighbours that must stay as they are."""
    folder = tmp_path / "around" / "inside"
    folder.mkdir(parents=True)
    return folder


def content_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


@pytest.mark.parametrize("kind", ["zip", "tar", "gz", "bz2", "xz"])
def test_every_kind_of_archive_gives_its_files(kind: str, folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "set.archive"
    mode = "w" if kind == "tar" else f"w:{kind}"
    archive = zip_of(path, FILES) if kind == "zip" else tar_of(path, FILES, mode)
    told: list[int] = []
    assert unpack(archive, folder, LIMITS, lambda done, total: told.append(done)) == len(FILES)
    assert content_of(folder) == FILES
    assert told[-1] == 3003


def test_what_file_systems_add_is_left_out(folder: Path, tmp_path: Path) -> None:
    junk = {
        "__MACOSX/DPDD/._1.png": b"x",
        "DPDD/.DS_Store": b"x",
        "DPDD/test_c/source/._1.png": b"x",
        "Thumbs.db": b"x",
    }
    assert unpack(zip_of(tmp_path / "set.zip", FILES | junk), folder, LIMITS) == len(FILES)
    assert content_of(folder) == FILES


BAD_NAMES = [
    "../out.png",
    "a/../../out.png",
    "/out.png",
    "C:/out.png",
    "a\\..\\..\\out.png",
    "a\0b.png",
    "a\nb.png",
    "n" * 300,
]


# A tar archive ends its names at the first zero byte.
@pytest.mark.parametrize(
    ("pack", "name"),
    [(pack, name) for pack in (zip_of, tar_of) for name in BAD_NAMES if pack is zip_of or "\0" not in name],
)
def test_a_name_that_leads_elsewhere_is_refused(pack, name: str, folder: Path, tmp_path: Path) -> None:
    archive = pack(tmp_path / "set.archive", {name: b"out"})
    with pytest.raises(InputError, match="leads elsewhere or is no file name"):
        unpack(archive, folder, LIMITS)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["around", "inside", "set.archive"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_of_a_tar_are_refused(kind: bytes, folder: Path, tmp_path: Path) -> None:
    archive = tar_of(tmp_path / "set.tar", {"a.png": b""}, type=kind, linkname="/etc/passwd")
    with pytest.raises(InputError, match=r"a link or a device, 'a\.png'"):
        unpack(archive, folder, LIMITS)
    assert content_of(folder) == {}


def test_a_link_of_a_zip_is_refused(folder: Path, tmp_path: Path) -> None:
    def link(info: zipfile.ZipInfo) -> None:
        info.external_attr = (stat.S_IFLNK | 0o777) << 16

    with pytest.raises(InputError, match="a link or a device"):
        unpack(zip_of(tmp_path / "set.zip", {"a.png": b"/etc/passwd"}, link), folder, LIMITS)
    assert not any(folder.iterdir())


def test_an_encrypted_zip_is_refused(folder: Path, tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "set.zip", {"a.png": b"secret"})
    packed = bytearray(archive.read_bytes())
    packed[packed.index(b"PK\1\2") + 8] |= 1
    archive.write_bytes(packed)
    with pytest.raises(InputError, match="an encrypted file"):
        unpack(archive, folder, LIMITS)


@pytest.mark.parametrize("pack", [zip_of, lambda path, files: tar_of(path, files, "w:gz")])
def test_a_bomb_is_refused_before_it_fills_the_disk(pack, folder: Path, tmp_path: Path) -> None:
    archive = pack(tmp_path / "set.archive", {"zeros.png": bytes(50_000_000)})
    assert archive.stat().st_size < 100_000
    with pytest.raises(InputError, match="over 100,000 bytes"):
        unpack(archive, folder, LIMITS)
    assert sum(len(content) for content in content_of(folder).values()) <= LIMITS.bytes


def test_a_zip_that_lies_about_its_sizes_is_refused(folder: Path, tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "set.zip", {"zeros.png": bytes(50_000_000)})
    packed = archive.read_bytes()
    archive.write_bytes(packed.replace((50_000_000).to_bytes(4, "little"), (1000).to_bytes(4, "little")))
    with pytest.raises(InputError):
        unpack(archive, folder, LIMITS)
    assert sum(len(content) for content in content_of(folder).values()) <= LIMITS.bytes


@pytest.mark.parametrize("pack", [zip_of, tar_of])
def test_too_many_files_are_refused(pack, folder: Path, tmp_path: Path) -> None:
    archive = pack(tmp_path / "set.archive", {f"{index}.png": b"" for index in range(21)})
    with pytest.raises(InputError, match="over 20 files"):
        unpack(archive, folder, LIMITS)


@pytest.mark.parametrize("names", [("a.png", "A.png"), ("a", "a/b.png")])
def test_a_name_twice_is_refused(names: tuple[str, str], folder: Path, tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "set.zip", dict.fromkeys(names, b"x"))
    with pytest.raises(InputError, match=r"twice|cannot be unpacked"):
        unpack(archive, folder, LIMITS)


@pytest.mark.parametrize("pack", [zip_of, tar_of, lambda path, files: tar_of(path, files, "w:xz")])
def test_a_truncated_archive_is_told_as_damaged(pack, folder: Path, tmp_path: Path) -> None:
    archive = pack(tmp_path / "set.archive", {"a.png": os.urandom(50_000), "b.png": os.urandom(20_000)})
    archive.write_bytes(archive.read_bytes()[:40_000])
    with pytest.raises(DamagedArchive, match="no whole zip or tar archive"):
        unpack(archive, folder, LIMITS)


def test_a_flipped_bit_is_found(folder: Path, tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "set.zip", {"a.png": os.urandom(50_000)})
    packed = bytearray(archive.read_bytes())
    packed[25_000] ^= 1
    archive.write_bytes(packed)
    with pytest.raises(DamagedArchive):
        unpack(archive, folder, LIMITS)


def test_no_room_is_told_before_anything_is_written(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 100})
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    with pytest.raises(InputError, match=r"needs 3,003 bytes in .*, 100 are free"):
        unpack(zip_of(tmp_path / "set.zip", FILES), folder, LIMITS)
    assert not any(folder.iterdir())


def test_a_member_without_a_name_is_refused(folder: Path, tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as file:
        info = zipfile.ZipInfo("x")
        info.filename = ""
        file.writestr(info, b"content")
    with pytest.raises(InputError, match="leads elsewhere or is no file name"):
        unpack(archive, folder, Limits(10**6, 10))


@pytest.mark.parametrize("place", ["member", "directory"])
def test_a_name_that_is_said_to_be_utf_8_and_is_not_is_told_as_damaged(
    place: str, folder: Path, tmp_path: Path
) -> None:
    archive = zip_of(tmp_path / "a.zip", {"é.png": b"content"})
    content, name = archive.read_bytes(), "é".encode()
    first, last = content.index(name), content.rindex(name)
    at = first if place == "member" else last
    assert first != last
    archive.write_bytes(content[:at] + b"\xe7K" + content[at + 2 :])
    with pytest.raises(DamagedArchive, match="no whole zip or tar archive"):
        unpack(archive, folder, Limits(10**6, 10))


def test_a_pipe_and_a_device_are_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "set.zip")
    (tmp_path / "into").mkdir()
    for place in (tmp_path / "set.zip", Path("/dev/zero")):
        with pytest.raises(InputError, match="is a pipe or a device"):
            unpack(place, tmp_path / "into", LIMITS)
        with pytest.raises(InputError, match="is a pipe or a device"):
            check_whole(place)
