"""tests/performance/dual_pixel_fit.py: it finds the lenses that kernels were made with, and refuses other files."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from ifan.synthetic.lens import Lenses
from realdof.common.errors import InputError

SIDE = 31


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = Path(__file__).parents[2] / "performance" / "dual_pixel_fit.py"
    spec = importlib.util.spec_from_file_location("dual_pixel_fit", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_fit_finds_the_parameters_that_kernels_were_made_with(script: ModuleType, tmp_path: Path) -> None:
    made = {
        "radius": [7.0, 9.0], "split_width": [0.5, 1.4], "split_leak": [0.02, 0.06], "split_centre": [0.1, -0.2],
        "ring": [0.0, 0.3], "softness": [0.8, 1.2], "shift_x": [0.4, 0.0], "shift_y": [0.0, -0.3],
    }  # fmt: skip
    measured = script._model(torch.tensor([made[name] for name in script.NAMES]).T, SIDE).clamp(min=0).numpy()
    for number, half in enumerate(("left", "right")):
        np.save(tmp_path / f"blur_kernels_{half}.npy", measured[:, number])
    lenses, radius, error = script.fit(script.read_kernels(tmp_path), 30)
    assert isinstance(lenses, Lenses)
    assert error.max() < 0.02
    torch.testing.assert_close(radius, torch.tensor(made["radius"]), atol=0.05, rtol=0)
    for name in ("split_width", "split_leak", "split_centre", "ring", "softness"):
        torch.testing.assert_close(getattr(lenses, name), torch.tensor(made[name]), atol=0.05, rtol=0, msg=name)


def test_a_folder_without_kernels_of_both_halves_is_refused(script: ModuleType, tmp_path: Path) -> None:
    np.save(tmp_path / "blur_kernels_left.npy", np.ones((2, 5, 5), np.float32))
    with pytest.raises(InputError, match=r"blur_kernels_right\.npy is missing"):
        script.read_kernels(tmp_path)
    np.save(tmp_path / "blur_kernels_right.npy", np.ones((2, 4, 4), np.float32))
    with pytest.raises(InputError, match=r"\(2, 4, 4\), not \(N, S, S\)"):
        script.read_kernels(tmp_path)
