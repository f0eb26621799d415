"""A task lists, checks and hashes its data set once, and refuses what could not be filed or scored."""

from pathlib import Path

import pytest

from benchmark import registry
from benchmark.datasets.base import Entry
from benchmark.datasets.folder import PairedFolder
from benchmark.running.task import open_task, prepare
from realdof.common.errors import InputError

PROTOCOL = registry.protocol("ifan-cvpr21")


def test_the_files_are_listed_once_and_hashing_tells_how_far_it_is(make_pairs, monkeypatch: pytest.MonkeyPatch) -> None:
    listed, seen = [], []
    entries = PairedFolder.entries

    def counted(self: PairedFolder) -> list[Entry]:
        listed.append(self.root)
        return entries(self)

    class Showing:
        def __init__(self, title: str) -> None:
            self.title = title

        def __enter__(self):
            return lambda done, total: seen.append((self.title, done, total))

        def __exit__(self, *raised: object) -> None:
            pass

    monkeypatch.setattr(PairedFolder, "entries", counted)
    root = make_pairs(3)
    task = open_task("folder", metrics=("psnr",), root=root, showing=Showing)
    assert listed == [root]
    assert [step for step in seen if "hashing" in step[0]] == [
        ("hashing the images of folder", done, 6) for done in range(1, 7)
    ]
    assert task.identity == PairedFolder(root).identity()


class Old(PairedFolder):
    """As a plug-in for 0.1 had it."""

    def identity(self) -> str:  # type: ignore[override]
        """Fixed."""
        return "f00d"


def test_a_data_set_written_for_the_first_release_is_told_what_changed(make_pairs) -> None:
    with pytest.raises(InputError, match=r"written for ifan-bench 0\.1: identity now takes a progress callback"):
        prepare(Old(make_pairs(1)), PROTOCOL, ("psnr",))


def test_an_image_whose_name_could_not_be_a_file_of_results_is_refused_before_anything_is_computed(make_pairs) -> None:
    root: Path = make_pairs(1)
    for role in ("source", "target"):
        (root / role / "000.png").rename(root / role / "what?.png")
    with pytest.raises(InputError, match=r"'what\?' cannot be a name"):
        prepare(PairedFolder(root), PROTOCOL, ("psnr",))


def test_files_with_too_few_bits_are_refused_before_anything_is_computed(make_pairs) -> None:
    with pytest.raises(InputError, match=r"000\.png has 8 bits a channel; protocol ifan-cvpr21-16bit needs 16"):
        prepare(PairedFolder(make_pairs(1)), registry.protocol("ifan-cvpr21-16bit"), ("psnr",))


def test_a_part_and_a_split_belong_to_the_family_of_the_whole(make_pairs, tmp_path: Path) -> None:
    from benchmark.datasets.published.dpdd import DPDDVal
    from benchmark.datasets.subset import restrict

    (tmp_path / "list.txt").write_text("000\n")
    assert restrict(PairedFolder(make_pairs(1)), tmp_path / "list.txt").family == "folder"
    assert DPDDVal(tmp_path).family == "dpdd"
