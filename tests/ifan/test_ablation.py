"""`ifan train --ablation`, and what a variant must be given to be trained."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ifan.cli.app import app
from realdof.common.errors import InputError
from realdof.images.files import write_pixels

VIEWS = ("c/source", "l/source", "r/source", "c/target")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two scenes of noise, 96x96 px, in DPDD's layout."""
    root, random = tmp_path_factory.mktemp("dpdd"), np.random.default_rng(0)
    for index in range(2):
        for view in VIEWS:
            write_pixels(root / f"train_{view}" / f"{index}.png", random.integers(0, 256, (96, 96, 3), dtype=np.uint8))
    return root


@pytest.mark.slow
def test_the_ablation_trains_its_six_models_under_one_seed(data: Path, tmp_path: Path) -> None:
    words = ["train", "--data", str(data), "--out", str(tmp_path), "--ablation", "--steps", "1", "--batch", "1"]
    app([*words, "--crop", "64", "--reblurring-width", "8", "--seed", "3"], standalone_mode=False)
    for name, losses in {
        "ifan-baseline": set(),
        "ifan-baseline-dme": {"disparity"},
        "ifan-fp": set(),
        "ifan-fp-dme": {"disparity"},
        "ifan-fp-rbn": {"reblur"},
        "ifan": {"disparity", "reblur"},
    }.items():
        state = torch.load(tmp_path / name / "last.pt", weights_only=True)
        assert (state["step"], state["settings"]["seed"]) == (1, 3)
        assert ("reblur" in losses) == any(key.startswith("reblurring.") for key in state["module"])


def test_a_16_bit_variant_is_not_trained_on_8_bit_images(data: Path, tmp_path: Path) -> None:
    words = ["train", "--data", str(data), "--out", str(tmp_path), "--variant", "ifan-16bit", "--crop", "64"]
    with pytest.raises(InputError, match="16-bit images"):
        app(words, standalone_mode=False)
    assert not list(tmp_path.glob("*.csv"))


def test_a_start_that_cannot_be_is_refused(data: Path, tmp_path: Path) -> None:
    words = ["train", "--data", str(data), "--out", str(tmp_path), "--variant", "ifan-fac", "--crop", "64"]
    with pytest.raises(InputError, match="--initialisation paper"):
        app([*words, "--initialisation", "variance-preserving"], standalone_mode=False)
