"""RealDOF in its published layout, and as `realdof build` writes one."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmark import registry
from benchmark.datasets.base import check_entries
from benchmark.datasets.layout import pair_in_order
from benchmark.datasets.published.realdof import RealDOF
from benchmark.leaderboards.build import build
from benchmark.running import runner
from benchmark.running.task import prepare
from realdof.common.errors import InputError
from realdof.dataset.layout import Role
from realdof.dataset.manifest import Build, Manifest, OutputFile, SceneRecord, write_record
from realdof.images.files import read_pixels, write_pixels
from realdof.settings import Settings


def built(make_pairs, **size: int) -> Path:
    """A folder as `realdof build` leaves it."""
    root = make_pairs(2, bits=16, name="built", **size)
    kept = OutputFile(file="", sha256="", height=72, width=80, bits=16)
    images = {Role.SOURCE: kept, Role.TARGET: kept}
    scenes = [
        SceneRecord(name="000", verdict="accepted", reason="", outputs=images),
        SceneRecord(name="001", verdict="doubtful", reason="little texture", outputs=images),
        SceneRecord(name="002", verdict="rejected", reason="it moved"),
    ]
    made_by = Build(pipeline=1, settings=Settings(), fingerprint=Settings().fingerprint, software={})
    write_record(root / "build.json", made_by)
    write_record(root / "manifest.json", Manifest(build=made_by, scenes=tuple(scenes), doubts={}, records={}))
    (root / "reference").mkdir()
    return root


def published(make_pairs, monkeypatch: pytest.MonkeyPatch, **size: int) -> Path:
    """The published layout, with three scenes where there are fifty."""
    monkeypatch.setattr(RealDOF, "card", replace(RealDOF.card, count=3))
    return make_pairs(3, **size)


def test_a_built_set_runs_directly_whatever_its_number_of_scenes(make_pairs, tmp_path: Path) -> None:
    task = prepare(RealDOF(built(make_pairs)), registry.protocol("ifan-cvpr21"), ("psnr",))
    folder, summary = runner.run(task, registry.method("input"), tmp_path / "results")
    assert (summary.done, summary.total) == (2, 2)
    assert folder.path.relative_to(tmp_path / "results").parts[:2] == ("realdof", "input")
    (row,) = (row for row in build(tmp_path / "results", "realdof", "ifan-cvpr21").rows if row.kind == "measured")
    assert row.claims == {}, "what papers print is about other images"


def test_a_build_that_was_stopped_is_refused(make_pairs) -> None:
    root = built(make_pairs)
    (root / "manifest.json").unlink()
    with pytest.raises(InputError, match="not finished"):
        RealDOF(root).entries()


@pytest.mark.parametrize("change", ["lost", "left over"])
def test_a_built_set_has_the_scenes_of_its_manifest(make_pairs, change: str) -> None:
    root = built(make_pairs)
    for kind in ("source", "target"):
        if change == "lost":
            (root / kind / "001.png").unlink()
        else:
            (root / kind / "002.png").write_bytes((root / kind / "001.png").read_bytes())
    with pytest.raises(InputError, match=r"differ in scene 00[12]"):
        RealDOF(root).entries()


def test_the_published_set_has_fifty_scenes() -> None:
    assert RealDOF.card.count == 50


def test_fewer_scenes_than_published_are_refused(make_pairs) -> None:
    with pytest.raises(InputError, match="holds 3 images, RealDOF has 50"):
        RealDOF(make_pairs(3)).entries()


@pytest.mark.parametrize("around", [".", "RealDOF", "RealDOF/RealDOF"])
def test_folders_that_the_archive_puts_around_the_set_do_not_matter(
    make_pairs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, around: str
) -> None:
    root = published(make_pairs, monkeypatch)
    outside = tmp_path / "outside"
    (outside / around).parent.mkdir(parents=True, exist_ok=True)
    root.rename(outside / around)
    assert [entry.name for entry in RealDOF(outside).entries()] == ["000", "001", "002"]


def test_an_image_larger_than_the_paper_s_is_refused(make_pairs, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = RealDOF(published(make_pairs, monkeypatch, height=64, width=2400))
    with pytest.raises(InputError, match="2376x1586 at most"):
        prepare(dataset, registry.protocol("ifan-cvpr21"), ("psnr",))


def test_a_portrait_image_is_as_good(make_pairs, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = RealDOF(published(make_pairs, monkeypatch, height=2376, width=64))
    dataset.check(check_entries(dataset.entries()))


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not RealDOF: it has no folders source and target"):
        RealDOF(tmp_path).entries()


def test_two_copies_under_one_root_are_refused(make_pairs, tmp_path: Path) -> None:
    make_pairs(2, name="one")
    make_pairs(2, name="two")
    with pytest.raises(InputError, match="twice"):
        RealDOF(tmp_path).entries()


def test_another_image_is_another_identity(make_pairs) -> None:
    root = built(make_pairs)
    before = RealDOF(root).identity()
    pixels = read_pixels(root / "target" / "001.png")
    write_pixels(root / "target" / "001.png", np.flipud(pixels))
    assert RealDOF(root).identity() != before


def paths(*names: str) -> dict[str, Path]:
    return {name: Path("folder") / f"{name}.png" for name in names}


def test_frame_numbers_may_differ_as_dpdd_s_do() -> None:
    paired = pair_in_order(paths("1P0A1001", "1P0A1010", "1P0A1020"), paths("1P0A1000", "1P0A1011", "1P0A1018"), 2)
    assert {name: path.stem for name, path in paired.items()} == {
        "1P0A1001": "1P0A1000",
        "1P0A1010": "1P0A1011",
        "1P0A1020": "1P0A1018",
    }


@pytest.mark.parametrize("partners", [("1P0A1000", "1P0A1013"), ("a", "b"), ("1P0A1000",)])
def test_no_partner_is_made_up(partners: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match="partner"):
        pair_in_order(paths("1P0A1001", "1P0A1010"), paths(*partners), 2)
