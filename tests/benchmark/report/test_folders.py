"""Where a report may be written, and what is left out of one, with the reason."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from made_results import make_run

from benchmark import registry
from benchmark.datasets.base import Dataset, Entry
from benchmark.report import contents
from benchmark.report.contents import collect
from benchmark.report.layers import INPUT, MAP_WIDTH, TARGET, read_layers
from benchmark.report.site import MARKER, claim, write_site
from realdof.common.errors import InputError
from realdof.images.files import write_pixels


def nothing(name: str) -> Dataset:
    raise InputError(f"{name} is not here")


def test_a_new_report_replaces_an_earlier_one_and_nothing_else(tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    make_run(tmp_path / "results", "net", 25.0)
    found = collect(tmp_path / "results", nothing)
    write_site(found, out)
    elsewhere.mkdir()
    (elsewhere / "mine.txt").write_text("mine")
    (out / "old").mkdir()
    (out / "old" / "page.html").write_text("as it was")
    (out / "link").symlink_to(elsewhere, target_is_directory=True)
    before = {path.relative_to(out) for path in out.rglob("*")} - {Path("old"), Path("old/page.html"), Path("link")}
    write_site(found, out)
    assert {path.relative_to(out) for path in out.rglob("*")} == before
    assert (elsewhere / "mine.txt").read_text() == "mine"


def test_a_file_or_a_folder_of_other_things_is_no_place_for_a_report(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file is a file; name a folder for the report"):
        claim(tmp_path / "file")
    with pytest.raises(InputError, match="holds files that are no report; name a new folder"):
        claim(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_what_cannot_be_removed_of_an_earlier_report_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    claim(tmp_path)
    (tmp_path / "old.html").touch()

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(InputError, match=r"cannot remove .*old\.html: Permission denied; name a new folder"):
        claim(tmp_path)
    assert (tmp_path / MARKER).is_file()


def test_results_without_a_run_that_was_asked_for_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no run; make one with ifan-bench run"):
        collect(tmp_path, nothing)
    make_run(tmp_path, "net", 25.0)
    with pytest.raises(InputError, match="has no run on realdof under aligned; make one"):
        collect(tmp_path, nothing, "realdof", "aligned")


def test_a_table_of_an_older_protocol_is_left_out_with_the_reason_and_alone_is_no_report(tmp_path: Path) -> None:
    make_run(tmp_path, "net", 25.0, version=0)
    with pytest.raises(InputError, match="has no run that can be shown: dpdd under ifan-cvpr21 is left out: "):
        collect(tmp_path, nothing)
    make_run(tmp_path, "net", 25.0, protocol="aligned")
    found = collect(tmp_path, nothing)
    assert [board.table.protocol for board in found.boards] == ["aligned"]
    (sentence,) = found.left_out
    assert sentence.startswith("dpdd under ifan-cvpr21 is left out: ")


def test_why_a_set_has_no_pictures_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(tmp_path / "results", "net", 25.0)
    (one,) = collect(tmp_path / "results", nothing).sets
    assert one.missing == "no run has kept its outputs"
    write_pixels(run.own_output("000"), np.zeros((8, 8, 3), np.uint16))
    (one,) = collect(tmp_path / "results", nothing).sets
    assert one.missing == "dpdd is not here"

    class Others:
        root = tmp_path / "others"

        def identity(self) -> str:
            return "other images"

    (one,) = collect(tmp_path / "results", lambda name: Others()).sets  # type: ignore[arg-type, return-value]
    assert one.missing == f"the images in {tmp_path / 'others'} are not those that the runs are on; give their --root"
    monkeypatch.setattr(contents, "registry", SimpleNamespace(find_protocol=lambda name: None))
    (one,) = collect(tmp_path / "results", nothing).sets
    assert one.missing == "protocol ifan-cvpr21 is not installed, so its images cannot be read"


def test_an_output_of_another_size_is_told_with_both_sizes(tmp_path: Path) -> None:
    write_pixels(tmp_path / "source.png", np.zeros((40, 50, 3), np.uint8))
    write_pixels(tmp_path / "output.png", np.zeros((40, 40, 3), np.uint16))
    entry = Entry("one", tmp_path / "source.png")
    with pytest.raises(InputError, match=r"output\.png is 40x40, but .*source\.png is 48x40; run the method again"):
        read_layers(entry, registry.protocol("ifan-cvpr21"), {"net": tmp_path / "output.png"})


@pytest.mark.parametrize("has_truth", [False, True])
def test_errors_are_drawn_only_where_the_truth_is_known_and_not_finer_than_is_seen(
    tmp_path: Path, has_truth: bool
) -> None:
    random = np.random.default_rng(0)
    for name in ("source", "target", "output"):
        write_pixels(tmp_path / f"{name}.png", random.integers(0, 65536, (64, MAP_WIDTH + 56, 3), np.uint16))
    entry = Entry("one", tmp_path / "source.png", target=tmp_path / "target.png" if has_truth else None)
    found = read_layers(entry, registry.protocol("ifan-cvpr21"), {"net": tmp_path / "output.png"})
    assert set(found.pictures) == ({INPUT, TARGET, "net"} if has_truth else {INPUT, "net"})
    assert bool(found.errors) == has_truth
    assert found.size == (64, MAP_WIDTH + 56)
