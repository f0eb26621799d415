"""A small data set that several files train on."""

from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three rendered scenes of 96x96 px for training and one for validation, in DPDD's layout."""
    from benchmark.datasets.dual_pixel import VIEWS
    from ifan.training.synthesis import Synthesis, render_scene
    from realdof.images.files import write_pixels

    root = tmp_path_factory.mktemp("dpdd")
    random = np.random.default_rng(0)
    photograph = np.kron(random.integers(0, 256, (40, 40, 3)), np.ones((4, 4, 1))).astype(np.uint8)
    for split, count in (("train", 3), ("val", 1)):
        for index in range(count):
            scene = render_scene(photograph, Synthesis(size=96), (7, index))
            for name, view in VIEWS.items():
                write_pixels(root / view.format(split=split) / f"{index}.png", scene[name])
    return root
