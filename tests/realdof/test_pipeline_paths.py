"""What a build calls files: relative paths that are given once, and sentences that name no place of this machine."""

import os
from pathlib import Path

import pytest
from build_helpers import SIMULATION

from realdof.dataset.manifest import read_manifest
from realdof.pipeline import build_dataset, placeless
from realdof.settings import Settings
from realdof.simulation.simulate import simulate_scene


def test_relative_paths_hold_wherever_a_worker_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker of a cluster has a working folder of its own."""
    (tmp_path / "elsewhere").mkdir()
    simulate_scene(tmp_path / "captures" / "sky", SIMULATION, 4, "sky")
    monkeypatch.chdir(tmp_path)
    leave = lambda record, total: os.chdir(tmp_path / "elsewhere")  # noqa: E731
    build_dataset(Path("captures"), Path("out"), Settings(), leave)
    (scene,) = read_manifest(tmp_path / "out").scenes
    assert scene.verdict == "rejected", scene.reason
    assert {file.file for file in scene.inputs.values()} == {
        f"sky/{kind}/{camera}.ARW" for kind in ("reference", "target") for camera in "AB"
    }
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_sentences_are_told_without_the_place_only_where_it_begins() -> None:
    folders = [Path("/data"), Path("/data/out")]
    assert placeless("/data/a/B.ARW is empty", folders) == "a/B.ARW is empty"
    assert placeless("cannot write /data/out/x.png: full", folders) == "cannot write x.png: full"
    assert placeless("/mnt/data/a/B.ARW is empty", folders) == "/mnt/data/a/B.ARW is empty"
    assert placeless("'/data/a.ARW' and (/data/b.ARW)", folders) == "'a.ARW' and (b.ARW)"
    assert placeless("/data.old/a.ARW is empty", folders) == "/data.old/a.ARW is empty"
    assert placeless("/a/b.ARW is empty", [Path("/")]) == "a/b.ARW is empty"
