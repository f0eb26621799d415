"""Scenes with known depth: what is read, what is refused, and how they are cut into surfaces."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ifan.synthetic.given_depth import DepthScenes, read_depth_scenes, surfaces_of_depth
from ifan.synthetic.photographs import Bank
from ifan.synthetic.rendering import sharp
from ifan.synthetic.surfaces import SceneStyle, to_linear
from realdof.common.errors import InputError

CPU = torch.device("cpu")
PLAIN = SceneStyle(highlights=0.0, sparks=0.0, sharp_share=0.0, smallest_radius=8.0, largest_radius=10.0)


def write(path: Path, **arrays: np.ndarray) -> None:
    """Write a scene of 8x6 px."""
    content: dict[str, Any] = {"image": np.full((6, 8, 3), 128, np.uint8), "depth": np.full((6, 8), 2, np.float16)}
    np.savez(path, **(content | arrays))


def test_nearness_and_what_lies_beyond_white_are_read(tmp_path: Path) -> None:
    write(tmp_path / "a.npz", highlight_index=np.array([9], np.int32), highlight_rgb=np.array([[1, 4, 2]], np.float16))
    scenes = read_depth_scenes(tmp_path, CPU)
    assert len(scenes) == 1
    assert scenes.images.shape == (1, 3, 6, 8)
    assert (scenes.nearness == 0.5).all()
    # Two stops, in sixteenths, at row 1 and column 1.
    assert scenes.boost[0, 1, 1] == 32
    assert scenes.boost.sum() == 32


def test_the_picture_may_lie_beside_as_a_file(tmp_path: Path) -> None:
    from realdof.images.files import write_pixels

    np.savez(tmp_path / "a.npz", depth=np.ones((6, 8), np.float16))
    picture = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    write_pixels(tmp_path / "a.png", picture)
    assert np.array_equal(read_depth_scenes(tmp_path, CPU).images[0].permute(1, 2, 0).numpy(), picture)


@pytest.mark.parametrize(
    ("arrays", "problem"),
    [
        ({"depth": np.zeros((6, 8), np.float16)}, "one positive distance"),
        ({"depth": np.ones((8, 6), np.float16)}, "one positive distance"),
        ({"depth": np.ones((6, 8), np.int32)}, "holds int32 at depth; see ifan.synthetic.scenery"),
        ({"image": np.zeros((6, 8), np.uint8)}, r"an image of uint8 \(6, 8\); give uint8 \(H, W, 3\)"),
        ({"image": np.zeros((6, 8, 3), np.uint16)}, "an image of uint16"),
        ({"highlight_index": np.array([48])}, "highlights that do not fit its image; give an index and a colour"),
        ({"highlight_index": np.array([48]), "highlight_rgb": np.ones((1, 3), np.float16)}, "do not fit its image"),
        ({"highlight_index": np.array([-1]), "highlight_rgb": np.ones((1, 3), np.float16)}, "do not fit its image"),
    ],
)
def test_depth_that_fits_no_image_is_refused(tmp_path: Path, arrays: dict[str, np.ndarray], problem: str) -> None:
    write(tmp_path / "a.npz", **arrays)
    with pytest.raises(InputError, match=problem):
        read_depth_scenes(tmp_path, CPU)


def test_a_folder_without_scenes_and_a_file_that_is_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no scenes with depth"):
        read_depth_scenes(tmp_path, CPU)
    (tmp_path / "a.npz").write_bytes(b"no archive")
    with pytest.raises(InputError, match=r"a\.npz cannot be read"):
        read_depth_scenes(tmp_path, CPU)


def test_a_scene_without_a_picture_and_scenes_of_two_sizes_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", depth=np.ones((6, 8), np.float16))
    with pytest.raises(InputError, match=r"no a\.jpg or \.png beside it"):
        read_depth_scenes(tmp_path, CPU)
    write(tmp_path / "a.npz")
    write(tmp_path / "b.npz", image=np.zeros((8, 8, 3), np.uint8), depth=np.ones((8, 8), np.float16))
    with pytest.raises(InputError, match="scenes of one size"):
        read_depth_scenes(tmp_path, CPU)


def test_a_jump_of_depth_makes_two_surfaces_and_their_sharp_image_is_the_picture(bank: Bank) -> None:
    # A near square before a far wall.
    images, nearness = bank.tiles[:1], torch.full((1, 320, 320), 0.1, dtype=torch.float16)
    nearness[:, 100:220, 100:220] = 1.0
    scenes = DepthScenes(images, nearness, torch.zeros(1, 320, 320, dtype=torch.uint8))
    found = surfaces_of_depth(scenes, 1, PLAIN, 320, np.random.default_rng(1), 0)
    assert found.scene == [0, 0]
    assert found.rank == [0, 1]
    near, far = found.alpha
    assert float(near.mean()) == pytest.approx((120 / 320) ** 2, abs=1e-3)
    assert (far == 1).all()
    # One of them is in focus, the other 8 to 10 px out of it.
    means = [float(part.mean()) for part in found.radius]
    assert sorted(abs(mean) for mean in means)[0] < 0.5
    assert 7.5 < max(abs(mean) for mean in means) < 10.5
    assert means[0] < means[1]
    picture = sharp(found, 0)[0]
    together = torch.corrcoef(torch.stack([picture.flatten(), to_linear(images[0] / 255).flatten()]))
    mirrored = [to_linear(torch.rot90(part, turn, (-2, -1)) / 255)
                for part in (images[0], images[0].flip(-1)) for turn in range(4)]  # fmt: skip
    best = max(float(torch.corrcoef(torch.stack([picture.flatten(), m.flatten()]))[0, 1]) for m in mirrored)
    assert best > 0.9
    assert best >= float(together[0, 1])


def test_an_even_slope_stays_one_surface(bank: Bank) -> None:
    nearness = torch.linspace(0.2, 1.0, 320)[None, :, None].expand(1, 320, 320).half()
    scenes = DepthScenes(bank.tiles[:1], nearness, torch.zeros(1, 320, 320, dtype=torch.uint8))
    found = surfaces_of_depth(scenes, 1, PLAIN, 200, np.random.default_rng(0), 0)
    assert found.scene == [0]
    assert float(found.radius.abs().max()) <= 10.0 + 1e-4
    assert float(found.radius.std()) > 1


def test_a_file_without_depth_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", image=np.zeros((6, 8, 3), np.uint8))
    with pytest.raises(InputError, match="holds no array named depth, a distance in metres for every pixel"):
        read_depth_scenes(tmp_path, CPU)
