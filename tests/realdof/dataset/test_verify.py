"""`realdof verify`: each way in which a data set can differ from its manifest is found and named."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from build_helpers import realdof
from small_data_set import HEIGHT, WIDTH, write_data_set
from typer.testing import CliRunner

from realdof.cli import app
from realdof.common.errors import InputError
from realdof.common.files import sha256_of
from realdof.dataset.layout import record_path
from realdof.dataset.verify import faults
from realdof.images.depth import to_eight_bits
from realdof.images.files import read_pixels, write_pixels


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole data set, which no test changes."""
    out = tmp_path_factory.mktemp("small") / "out"
    write_data_set(out)
    return out


@pytest.fixture
def out(small: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may damage."""
    return shutil.copytree(small, tmp_path / "out")


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
    manifest["scenes"][-1]["verdict"] = "accepted"
    path.write_text(json.dumps(manifest))


def change_the_build(out: Path) -> None:
    path = out / "build.json"
    path.write_text(path.read_text().replace('"sharp"', '"paper"'))


def lose_croissant(out: Path) -> None:
    (out / "croissant.json").unlink()


def cut_croissant_short(out: Path) -> None:
    (out / "croissant.json").write_text('{"@type": ')


def lose_the_build(out: Path) -> None:
    (out / "build.json").unlink()


def fill_a_record_with_another_thing(out: Path) -> None:
    path = record_path(out, "003")
    path.write_text("{}")
    _tell_the_manifest(out, "records", "003", sha256_of(path))


def replace_an_image_by_text(out: Path) -> None:
    (out / "reference" / "003_moved.png").write_text("holiday")


def give_a_rejected_scene_a_target(out: Path) -> None:
    manifest = json.loads((out / "manifest.json").read_text())
    accepted, rejected = manifest["scenes"][1], manifest["scenes"][-1]
    rejected["outputs"]["target"] = accepted["outputs"]["target"]
    (out / "manifest.json").write_text(json.dumps(manifest))


def cut_a_pair_and_say_so(out: Path) -> None:
    path = out / "source" / "001.png"
    write_pixels(path, np.ascontiguousarray(read_pixels(path)[:-8]))
    manifest = json.loads((out / "manifest.json").read_text())
    manifest["scenes"][0]["outputs"]["source"] |= {"height": HEIGHT - 8, "sha256": sha256_of(path)}
    (out / "manifest.json").write_text(json.dumps(manifest))


def _tell_the_manifest(out: Path, field: str, name: str, value: str) -> None:
    manifest = json.loads((out / "manifest.json").read_text())
    manifest[field][name] = value
    (out / "manifest.json").write_text(json.dumps(manifest))


DAMAGES: list[tuple[Callable[[Path], None], list[str]]] = [
    (flip_a_bit, ["source/001.png was changed after it was written"]),
    (truncate, ["target/001.png was changed", "target/001.png is truncated or damaged"]),
    (lose_a_partner, ["target/001.png is missing"]),
    (reduce_to_eight_bits, ["target/001.png was changed", "target/001.png has 8 bits per channel instead of 16"]),
    (
        cut,
        ["source/001.png was changed", f"source/001.png is {WIDTH}x{HEIGHT - 8}, manifest.json says {WIDTH}x{HEIGHT}"],
    ),
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
    (cut_croissant_short, ["croissant.json cannot be read (Expecting value"]),
    (lose_the_build, ["build.json does not exist"]),
    (fill_a_record_with_another_thing, ["003.json: name: field required", "croissant.json does not fit"]),
    (replace_an_image_by_text, ["003_moved.png was changed", "003_moved.png is no PNG, JPEG or TIFF"]),
    (
        give_a_rejected_scene_a_target,
        ["sky is rejected and nevertheless has a target image", "disagree about scene sky", "croissant.json does not"],
    ),
    (
        cut_a_pair_and_say_so,
        ["001 has source and target images of different", "disagree about scene 001", "croissant.json does not fit"],
    ),
]


@pytest.mark.slow
def test_a_data_set_as_it_was_built_has_no_fault(data_set: Path) -> None:
    assert list(faults(data_set)) == []
    whole = realdof("verify", data_set)
    assert (whole.returncode, whole.stderr) == (0, "")


@pytest.mark.parametrize(("damage", "expected"), DAMAGES, ids=[damage.__name__ for damage, _ in DAMAGES])
def test_each_fault_is_one_sentence(out: Path, damage: Callable[[Path], None], expected: list[str]) -> None:
    damage(out)
    found = list(faults(out))
    assert len(found) == len(expected), found
    for words in expected:
        assert any(words in sentence for sentence in found), (words, found)


def test_the_command_counts_the_pairs_or_tells_every_fault_with_status_2(out: Path, tmp_path: Path) -> None:
    whole = CliRunner().invoke(app, ["verify", str(out)])
    assert (whole.exit_code, whole.stderr) == (0, "")
    assert whole.stdout == f"{out} is complete; pairs: 2\n"
    lose_a_partner(out)
    lose_croissant(out)
    damaged = CliRunner().invoke(app, ["verify", str(out)])
    assert damaged.exit_code == 2
    assert damaged.stdout.count("is missing") == 2
    with pytest.raises(InputError, match=r"holds no manifest\.json"):
        CliRunner().invoke(app, ["verify", str(tmp_path)], catch_exceptions=False)


def test_a_licence_that_its_owner_adds_to_croissant_is_no_fault(out: Path) -> None:
    path = out / "croissant.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"license": "CC-BY-4.0"}))
    assert list(faults(out)) == []
