"""The bank of tiles: sharp parts only, cut as asked."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from ifan.synthetic.photographs import SOFTEST, TILE, Bank, contrast_by_size, find_photographs, read_bank, sharpness
from realdof.common.errors import InputError
from realdof.images.files import read_pixels, write_pixels

CPU = torch.device("cpu")


def test_tiles_are_parts_of_their_photographs(bank: Bank, photographs: Path) -> None:
    assert bank.tiles.dtype == torch.uint8
    assert bank.tiles.shape[1:] == (3, TILE, TILE)
    assert set(bank.source) == {0, 1}
    for tile, source in zip(bank.tiles, bank.source, strict=True):
        picture = read_pixels(photographs / "photos" / f"{source}.png")
        found = cv2.matchTemplate(
            picture.astype(np.float32), tile.permute(1, 2, 0).numpy().astype(np.float32), cv2.TM_SQDIFF_NORMED
        )
        assert found.min() < 1e-6


@pytest.mark.parametrize("turn", range(8))
def test_a_cut_is_mirrored_and_turned(bank: Bank, turn: int) -> None:
    place = np.array([1]), np.array([30]), np.array([50])
    cut = bank.cut(*place, np.array([turn]), 40)[0]
    part = bank.tiles[1, :, 30:70, 50:90] / 255
    part = part.flip(1) if turn & 2 else part
    part = part.flip(2) if turn & 4 else part
    expected = part if not turn & 1 else part.transpose(1, 2)
    candidates = [expected, expected.flip(1), expected.flip(2), expected.flip(1, 2)]
    assert any(torch.allclose(cut, candidate, atol=1e-6) for candidate in candidates)


def test_the_eight_turns_are_eight_different_pictures(bank: Bank) -> None:
    one = np.zeros(8, np.int64)
    cuts = bank.cut(one, one, one, np.arange(8), 32)
    assert len({tuple(cut.flatten().tolist()) for cut in cuts}) == 8


def test_a_blurred_photograph_is_told_from_a_sharp_one(bank: Bank) -> None:
    tile = np.asarray(bank.tiles[0].permute(1, 2, 0).numpy() / 255, np.float32)
    blurred = np.asarray(cv2.GaussianBlur(tile, (0, 0), 1.0), np.float32)
    assert sharpness(contrast_by_size(tile)) > SOFTEST > sharpness(contrast_by_size(blurred))


def test_a_folder_of_soft_photographs_is_refused(bank: Bank, tmp_path: Path) -> None:
    tile = bank.tiles[0].permute(1, 2, 0).numpy()
    write_pixels(tmp_path / "soft.png", cv2.GaussianBlur(tile, (0, 0), 2.0))
    with pytest.raises(InputError, match="no photograph with a sharp part of 320 px"):
        read_bank(tmp_path, CPU, most=10)


def test_a_folder_without_photographs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no photographs"):
        find_photographs(tmp_path)


def test_tiles_of_shapes_are_added(photographs: Path) -> None:
    bank = read_bank(photographs / "photos", CPU, most=4, leaves=2)
    assert len(bank.tiles) == len(bank.source)
    assert len(bank.tiles) <= 4 + 2
    # Two by two of the same shapes.
    last = bank.tiles[-1]
    assert torch.equal(last[:, : TILE // 2, : TILE // 2], last[:, TILE // 2 :, TILE // 2 :])


def test_the_same_seed_keeps_the_same_tiles(photographs: Path) -> None:
    first, again = (read_bank(photographs / "photos", CPU, most=3, leaves=1) for _ in range(2))
    assert torch.equal(first.tiles, again.tiles)
    assert first.source == again.source
