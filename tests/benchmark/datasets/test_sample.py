"""Data set `sample`: what its card promises."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmark.datasets.base import check_entries
from benchmark.datasets.sample import dataset as sample
from benchmark.datasets.sample.dataset import SampleDataset, render_scene
from benchmark.datasets.sample.scenes import SCENES, Scene, depth_of
from realdof.images.files import read_pixels

BY_NAME = {scene.name: scene for scene in SCENES}


def radii(scene: Scene) -> np.ndarray:
    photograph = read_pixels(sample._photograph(scene.photograph))
    return scene.lens.blur_radius(depth_of(scene, *photograph.shape[:2], sample._measured_disparity()))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> SampleDataset:
    dataset = SampleDataset(tmp_path_factory.mktemp("sample"))
    dataset.prepare()
    return dataset


def test_at_least_eight_scenes_from_nearly_sharp_to_more_than_twelve_pixels() -> None:
    largest = [np.abs(radii(scene)).max() for scene in SCENES]
    assert len(SCENES) >= 8
    assert min(largest) < 1.1
    assert max(largest) > 12


def test_every_kind_of_depth_is_there_and_both_sides_of_focus() -> None:
    assert {scene.depth for scene in SCENES} == {"planar", "slanted", "stepped", "measured"}
    signs = [np.sign([radii(scene).min(), radii(scene).max()]) for scene in SCENES]
    assert any(low < 0 < high for low, high in signs)


def test_motorcycles_depth_is_the_measured_one() -> None:
    depth = depth_of(BY_NAME["motorcycle_far"], 500, 741, sample._measured_disparity())
    disparity = sample._measured_disparity()
    known = np.isfinite(disparity)
    # Triangulation with the calibration of the Middlebury pair.
    np.testing.assert_allclose(depth[known], 994.978 * 0.193001 / (disparity[known] + 31.086), rtol=1e-12)
    assert 2.0 < depth.min() < depth.max() < 5.5


def test_all_images_are_at_the_photographs_size_with_16_bits_and_both_views(made: SampleDataset) -> None:
    headers = check_entries(made.entries())
    assert len(headers) == len(SCENES)
    for entry in made.entries():
        photograph = read_pixels(sample._photograph(BY_NAME[entry.name].photograph))
        assert (headers[entry.name].height, headers[entry.name].width) == photograph.shape[:2]
        assert headers[entry.name].bits == 16
        assert set(entry.files) == {"image", "left", "right", "target"}
        assert entry.target is not None
        # The all-in-focus image is the photograph itself, under the 8-bit protocol to the bit.
        np.testing.assert_array_equal(read_pixels(entry.target) >> 8, photograph)


def test_rendering_again_gives_the_same_bits(made: SampleDataset) -> None:
    scene = BY_NAME["coffee_stepped"]
    again = render_scene(scene)
    for role, path in next(entry for entry in made.entries() if entry.name == scene.name).files.items():
        np.testing.assert_array_equal(again[role], read_pixels(path))


def test_merged_image_is_the_mean_of_the_views_in_linear_light(made: SampleDataset) -> None:
    from realdof.images.colour import srgb_to_linear

    views = render_scene(BY_NAME["chelsea_slanted"])
    left, right, merged = (srgb_to_linear(views[name] / 65535) for name in ("left", "right", "image"))
    np.testing.assert_allclose((left + right) / 2, merged, atol=2e-4)


def test_a_made_set_is_not_made_again_and_a_damaged_one_is_mended(made: SampleDataset) -> None:
    path = made.entries()[0].image
    before = path.stat().st_mtime_ns
    made.prepare()
    assert path.stat().st_mtime_ns == before
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    SampleDataset(made.root).prepare()
    assert path.read_bytes() == whole


def test_manifest_holds_every_file_with_its_hash(made: SampleDataset) -> None:
    manifest = json.loads((made.root / "manifest.json").read_text())
    assert len(manifest["files"]) == 4 * len(SCENES)
    assert manifest["identity"] == made.identity()


def test_identity_does_not_depend_on_the_place(made: SampleDataset, tmp_path: Path) -> None:
    assert SampleDataset(tmp_path).identity() == made.identity()


def test_the_card_says_that_the_defocus_is_rendered() -> None:
    assert "RENDERED" in SampleDataset.card.summary
    assert SampleDataset.card.weights == "synthetic"
