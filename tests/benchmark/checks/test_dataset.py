"""`ifan-bench check-dataset` passes what is right and names what is wrong."""

from pathlib import Path

import numpy as np
import pytest
from plugins import documented, install
from typer.testing import CliRunner

from benchmark.checks.dataset import findings
from benchmark.commands.app import app
from realdof.images.files import write_pixels

CODE = """
from dataclasses import replace
from benchmark.datasets.base import Entry
from benchmark.datasets.folder import PairedFolder

class Mine(PairedFolder):
    card = replace(PairedFolder.card, name="mine"{more})
{body}
"""


def problems(
    root: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, body: str = "", more: str = ""
) -> dict[str, str]:
    """What is wrong with a data set of this body, by the check."""
    install(folder, monkeypatch, CODE.format(body=body, more=more), [("datasets", "mine", "Mine")])
    return {finding.check: finding.problem for finding in findings("mine", root) if finding.problem is not None}


def test_a_good_folder_passes(make_pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not problems(make_pairs(3), tmp_path / "package", monkeypatch)


def test_the_package_of_the_documentation_is_found_and_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    documented("add-a-data-set.md", tmp_path, monkeypatch)
    pixels = np.random.default_rng(0).integers(0, 256, (72, 80, 3), np.uint8)
    for role in ("defocused", "sharp"):
        write_pixels(tmp_path / "photographs" / role / "one.png", pixels)
    done = CliRunner().invoke(app, ["check-dataset", "lens-lab", "--root", str(tmp_path / "photographs")])
    assert done.exit_code == 0, done.output
    assert "run over the first 2 images" in done.output


FAULTS = {
    "protocol": ("", ", protocol='ifan-cvpr20'", "did you mean ifan-cvpr21"),
    "count": ("", ", count=5", "its card says 5 scenes"),
    "no scene": ("    def entries(self): return []", "", "holds no scene"),
    "unsorted": ("    def entries(self): return super().entries()[::-1]", "", "not sorted by name"),
    "twice": ("    def entries(self): return super().entries()[:1] * 2", "", "two scenes are named 000"),
    "a name with a slash": (
        "    def entries(self): return [replace(one, name='a/' + one.name) for one in super().entries()]",
        "", "cannot be a name",
    ),
    "a missing file": (
        "    def entries(self): return [replace(one, target=self.root / 'none.png') for one in super().entries()]",
        "", "none.png",
    ),
    "raises": ("    def entries(self): return {}['scenes']", "", "KeyError"),
    "identity": ("    def identity(self): import uuid; return uuid.uuid4().hex", "", "depend on the images alone"),
    "identity of another kind": ("    def identity(self): return 7", "", "identity is 7; give a hash of the images"),
    "no title": ("", ", title=' '", "title and summary must say something"),
    "other scenes each time": (
        "    calls = []\n    def entries(self): self.calls.append(0); return super().entries()[len(self.calls) % 2:]",
        "", "it lists other scenes the second time",
    ),
    "no licence": ("", ", licence=''", "licence must say"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "more", "told"), FAULTS.values(), ids=FAULTS)
def test_what_is_wrong_is_named(
    body: str, more: str, told: str, make_pairs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = problems(make_pairs(2), tmp_path / "package", monkeypatch, body, more)
    assert any(told in problem for problem in found.values()), found


@pytest.mark.slow
def test_the_built_in_sample_passes() -> None:
    assert not [finding for finding in findings("sample", None) if finding.problem is not None]
