"""`realdof verify`: each way in which a data set can differ from its manifest is found and named."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from build_helpers import realdof, sentences

from realdof.dataset.layout import record_path
from realdof.dataset.verify import faults
from realdof.images.depth import to_eight_bits
from realdof.images.files import read_pixels, write_pixels

pytestmark = pytest.mark.slow


def flip_a_bit(out: Path) -> None:
    path = out / "source" / "001.png"
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.write_bytes(content)


def truncate(out: Path) -> None:
    path = out / "target" / "001.png"
    path.write_bytes(path.read_bytes()[:1000])


def lose_a_partner(out: Path) -> None:
    (out / "target" / "001.png").unlink()


def reduce_to_eight_bits(out: Path) -> None:
    path = out / "target" / "001.png"
    write_pixels(path, to_eight_bits(read_pixels(path)))


def cut(out: Path) -> None:
    path = out / "source" / "001.png"
    write_pixels(path, np.ascontiguousarray(read_pixels(path)[:-8]))


def add_a_stranger(out: Path) -> None:
    shutil.copy(out / "source" / "001.png", out / "source" / "holiday.png")


def add_strangers_elsewhere(out: Path) -> None:
    shutil.copy(out / "source" / "001.png", out / "reference" / "holiday_fixed.png")
    shutil.copy(out / "scenes" / "001.json", out / "scenes" / "holiday.json")
    (out / "stages" / "001" / "9_dream.png").touch()
    (out / "stages" / "holiday").mkdir()
    (out / "stages" / "holiday" / "2_warped_target.png").touch()


def make_croissant_a_list(out: Path) -> None:
    (out / "croissant.json").write_text("[]")


def lose_a_record(out: Path) -> None:
    record_path(out, "003").unlink()


def change_a_record(out: Path) -> None:
    path = record_path(out, "003")
    path.write_text(path.read_text().replace("accepted", "doubtful"))


def accept_the_sky(out: Path) -> None:
    path = out / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["scenes"][2]["verdict"] = "accepted"
    path.write_text(json.dumps(manifest))


def change_the_build(out: Path) -> None:
    path = out / "build.json"
    path.write_text(path.read_text().replace('"sharp"', '"paper"'))


def lose_croissant(out: Path) -> None:
    (out / "croissant.json").unlink()


DAMAGES: list[tuple[Callable[[Path], None], list[str]]] = [
    (flip_a_bit, ["source/001.png was changed after it was written"]),
    (truncate, ["target/001.png was changed", "target/001.png is truncated or damaged"]),
    (lose_a_partner, ["target/001.png is missing"]),
    (reduce_to_eight_bits, ["target/001.png was changed", "target/001.png has 8 bits per channel instead of 16"]),
    (cut, ["source/001.png was changed", "source/001.png is 3"]),
    (add_a_stranger, ["source/holiday.png belongs to no scene"]),
    (
        add_strangers_elsewhere,
        [
            "reference/holiday_fixed.png belongs to no scene",
            "scenes/holiday.json belongs to no scene",
            "stages/001/9_dream.png belongs to no scene",
            "stages/holiday/2_warped_target.png belongs to no scene",
        ],
    ),
    (make_croissant_a_list, ["croissant.json holds no Croissant metadata, but list"]),
    (lose_a_record, ["scenes/003.json is missing"]),
    (change_a_record, ["scenes/003.json was changed after it was written"]),
    (accept_the_sky, ["disagree about scene sky", "no source image", "no target image", "croissant.json does not fit"]),
    (change_the_build, ["build.json describes another build"]),
    (lose_croissant, ["croissant.json is missing"]),
]


def test_a_data_set_as_it_was_built_has_no_fault(data_set: Path) -> None:
    assert list(faults(data_set)) == []


@pytest.mark.parametrize(("damage", "expected"), DAMAGES, ids=[damage.__name__ for damage, _ in DAMAGES])
def test_each_fault_is_one_sentence(
    data_set: Path, tmp_path: Path, damage: Callable[[Path], None], expected: list[str]
) -> None:
    out = shutil.copytree(data_set, tmp_path / "out", ignore=shutil.ignore_patterns("stages"))
    shutil.copytree(data_set / "stages", out / "stages", copy_function=lambda a, b: Path(b).hardlink_to(a))
    damage(out)
    found = list(faults(out))
    assert len(found) == len(expected), found
    for words in expected:
        assert any(words in sentence for sentence in found), (words, found)


def test_the_command_counts_the_pairs_or_tells_every_fault_with_status_2(data_set: Path, tmp_path: Path) -> None:
    whole = realdof("verify", data_set)
    assert (whole.returncode, whole.stderr) == (0, "")
    assert "is complete; pairs: 2" in sentences(whole)
    out = shutil.copytree(data_set, tmp_path / "out")
    lose_a_partner(out)
    lose_croissant(out)
    damaged = realdof("verify", out)
    assert damaged.returncode == 2
    assert damaged.stdout.count("is missing") == 2
    unfinished = realdof("verify", tmp_path)
    assert unfinished.returncode == 2
    assert "holds no manifest.json" in sentences(unfinished)


def test_a_licence_that_its_owner_adds_to_croissant_is_no_fault(data_set: Path, tmp_path: Path) -> None:
    out = shutil.copytree(data_set, tmp_path / "out")
    path = out / "croissant.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"license": "CC-BY-4.0"}))
    assert list(faults(out)) == []
