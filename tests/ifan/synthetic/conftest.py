"""Photographs made up for these tests, and a bank of their tiles."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ifan.synthetic.photographs import Bank, read_bank
from realdof.images.files import write_pixels


@pytest.fixture(scope="session")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``photos``: two pictures of 420x340 px that are sharp to the pixel."""
    folder = tmp_path_factory.mktemp("sources") / "photos"
    random = np.random.default_rng(0)
    for number in range(2):
        # Blocks of all sizes, as natural pictures have contrast at all sizes.
        picture = sum(
            np.kron(random.normal(0, 25, (-(-340 // side), -(-420 // side), 3)), np.ones((side, side, 1)))[:340, :420]
            for side in (1, 2, 4, 8, 16)
        )
        write_pixels(folder / f"{number}.png", np.clip(picture + 128, 0, 255).astype(np.uint8))
    return folder.parent


@pytest.fixture(scope="session")
def bank(photographs: Path) -> Bank:
    """Tiles of those, on the CPU."""
    return read_bank(photographs / "photos", torch.device("cpu"), most=20)
