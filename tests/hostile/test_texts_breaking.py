"""Names of thousands of letters in archives and lists: the sentence that refuses them stays short."""

import io
import json
import tarfile
import unicodedata
import zipfile
from pathlib import Path

import numpy as np
import pytest

from benchmark.datasets.folder import PairedFolder
from benchmark.datasets.get.archive import Limits, unpack
from benchmark.datasets.subset import read_names
from ifan.training.sources import find_depth
from realdof.captures.scene_list import read_scene_list
from realdof.common.errors import InputError
from realdof.common.files import inside
from realdof.images.files import write_pixels

LONG = "x" * 5000


def zip_with_a_link(path: Path) -> None:
    info = zipfile.ZipInfo(LONG)
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, b"elsewhere")


def tar_of_a_long_name(path: Path) -> None:
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo(LONG)
        info.size = 1
        archive.addfile(info, io.BytesIO(b"x"))


@pytest.mark.parametrize("make", [zip_with_a_link, tar_of_a_long_name])
def test_a_name_of_5000_letters_in_an_archive_is_quoted_in_part(make, tmp_path: Path) -> None:
    make(tmp_path / "a.archive")
    (tmp_path / "into").mkdir()
    with pytest.raises(InputError, match=r"'x{80}'\.\.\.") as caught:
        unpack(tmp_path / "a.archive", tmp_path / "into", Limits(2**20, 10))
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("row", [{"scene": "a", LONG: "b"}, {"scene": "a", "defocused": LONG}])
def test_a_word_of_5000_letters_in_a_list_is_quoted_in_part(row: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "scenes.json").write_text(json.dumps([row]), encoding="utf-8")
    with pytest.raises(InputError, match=r"'x{80}'\.\.\.") as caught:
        read_scene_list(tmp_path / "scenes.json")
    assert len(str(caught.value)) < 600


def test_a_name_of_5000_letters_that_leads_elsewhere_is_quoted_in_part(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        inside(tmp_path, "/" + LONG)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC"), ("NFD", "NFD")])
def test_names_whose_accents_are_composed_or_apart_are_one_name(forms: tuple[str, str], tmp_path: Path) -> None:
    name = "caf\u00e9 d\u00e9j\u00e0"
    for form, role in zip(forms, ("source", "target"), strict=True):
        write_pixels(
            tmp_path / role / f"{unicodedata.normalize(form, name)}.png", np.zeros((64, 64, 3), dtype=np.uint8)
        )
    (entry,) = PairedFolder(tmp_path).entries()
    assert entry.name == name
    assert entry.target is not None
    assert entry.target.is_file()
    (tmp_path / "list.txt").write_text(unicodedata.normalize("NFD", name) + "\n", encoding="utf-8")
    assert read_names(tmp_path / "list.txt") == {name}
    photographs = sorted((tmp_path / "source").iterdir())
    assert find_depth(photographs, tmp_path / "target") == [entry.target]


def test_two_files_that_differ_by_the_form_of_an_accent_share_a_name(tmp_path: Path) -> None:
    for form in ("NFC", "NFD"):
        write_pixels(tmp_path / "source" / f"{unicodedata.normalize(form, 'é')}.png", np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(InputError, match="share the name"):
        PairedFolder(tmp_path).entries()
