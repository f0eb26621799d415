"""A scene is a value: made from four shots by stages on arrays, with a verdict instead of an exception."""

import weakref
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from view_pairs import corner_error, view_pair

from realdof.captures.scene import Camera, Kind
from realdof.dataset.layout import Role, Stage
from realdof.images.depth import sixteen_bits
from realdof.raw.developed import Developed
from realdof.scene import AlignedPair, Photographs, make_scene
from realdof.settings import Settings

HEIGHT, WIDTH = 400, 600
GAIN = 1.2
Shots = dict[tuple[Kind, Camera], np.ndarray]


@pytest.fixture(scope="module")
def views() -> tuple[Shots, np.ndarray]:
    """Shots of the final grid's size, camera A the defocused one, and the homography between the cameras."""
    cv2.setNumThreads(1)
    pair = view_pair(3, HEIGHT, WIDTH, shift=20.0, gain=GAIN, leaves=6000)
    shots: Shots = {
        ("reference", "A"): pair.reference,
        ("reference", "B"): pair.moving,
        ("target", "A"): cv2.GaussianBlur(pair.reference, (0, 0), 2),
        ("target", "B"): pair.moving,
    }
    return {member: sixteen_bits(np.clip(image, 0, 1)) for member, image in shots.items()}, pair.homography


def developing(shots: Shots, factor: int = 1) -> Callable[[Kind, Camera], Developed]:
    def develop(kind: Kind, camera: Camera) -> Developed:
        pixels = shots[kind, camera].repeat(factor, axis=0).repeat(factor, axis=1)
        return Developed(pixels, factor, "someone else")

    return develop


def test_a_good_scene_has_a_pair_its_reference_images_and_all_figures(views: tuple[Shots, np.ndarray]) -> None:
    shots, homography = views
    scene = make_scene(developing(shots), "A", Settings())
    assert scene.verdict in ("accepted", "doubtful"), scene.reason
    assert scene.images.keys() == set(Role)
    assert {(image.dtype.name, image.shape) for image in scene.images.values()} == {
        ("uint16", scene.images[Role.SOURCE].shape)
    }
    figures = scene.figures
    assert corner_error(figures.alignment.matrix, homography, HEIGHT, WIDTH) < 0.1
    assert figures.region is not None
    assert np.array_equal(scene.images[Role.SOURCE], shots["target", "A"][figures.region.slices])
    assert figures.photometry is not None
    np.testing.assert_allclose(figures.photometry.gain, 1 / GAIN, rtol=0.02)
    assert figures.developed_by == dict.fromkeys(["reference/A", "reference/B", "target/A", "target/B"], "someone else")


def test_a_shot_is_gone_before_the_next_one_is_developed(views: tuple[Shots, np.ndarray]) -> None:
    develop, alive = developing(views[0], factor=4), []

    def watched(kind: Kind, camera: Camera) -> Developed:
        assert [shot for shot in alive if shot() is not None] == []
        shot = develop(kind, camera)
        alive.append(weakref.ref(shot.pixels))
        return shot

    make_scene(watched, "A", Settings())
    assert len(alive) == 4


@pytest.mark.parametrize(("settings", "scale"), [(Settings(), 2), (Settings.paper(), 1)])
def test_what_the_stages_make_is_shown_as_it_comes(
    views: tuple[Shots, np.ndarray], settings: Settings, scale: int
) -> None:
    shown: dict[Stage, tuple[int, ...]] = {}

    def watch(made: Photographs | AlignedPair) -> None:
        shown.update({stage: image.shape for stage, image in made.stages.items()})

    make_scene(developing(views[0], factor=4), "A", settings, watch)
    whole, finer = (HEIGHT, WIDTH, 3), (scale * HEIGHT, scale * WIDTH, 3)
    assert list(shown.items()) == [
        (Stage.REDUCED_REFERENCE_A, whole),
        (Stage.REDUCED_REFERENCE_B, finer),
        (Stage.WARPED_REFERENCE, whole),
        (Stage.REDUCED_TARGET_A, whole),
        (Stage.REDUCED_TARGET_B, finer),
        (Stage.WARPED_TARGET, whole),
    ]


def test_what_cannot_be_aligned_is_rejected_before_the_target_pair_is_developed(
    views: tuple[Shots, np.ndarray],
) -> None:
    other = view_pair(9, HEIGHT, WIDTH, leaves=6000)
    develop = developing({**views[0], ("reference", "B"): sixteen_bits(np.clip(other.moving, 0, 1))})
    asked: list[tuple[Kind, Camera]] = []

    def noting(kind: Kind, camera: Camera) -> Developed:
        asked.append((kind, camera))
        return develop(kind, camera)

    scene = make_scene(noting, "A", Settings())
    assert scene.verdict == "rejected"
    assert scene.reason == scene.figures.alignment.reason
    assert scene.images.keys() == {Role.REFERENCE_FIXED, Role.REFERENCE_BEFORE}
    assert scene.figures.region is None
    assert asked == [("reference", "A"), ("reference", "B")]


def test_exposures_that_cannot_be_compared_are_a_verdict_with_the_reference_images(
    views: tuple[Shots, np.ndarray],
) -> None:
    white = np.full((HEIGHT, WIDTH, 3), 65535, np.uint16)
    shots = {**views[0], ("target", "A"): white, ("target", "B"): white}
    scene = make_scene(developing(shots), "A", Settings())
    assert scene.verdict == "rejected"
    assert "exposures of the pair cannot be compared" in scene.reason
    assert scene.images.keys() == set(Role) - {Role.SOURCE, Role.TARGET}
    assert scene.figures.region is not None
    assert scene.figures.photometry is None


def test_a_developed_shot_is_reduced_by_what_it_is_too_fine() -> None:
    shot = Developed(np.arange(8 * 12 * 3, dtype=np.uint16).reshape(8, 12, 3), 4, "ahd")
    assert shot.reduced(2).pixels.shape == (4, 6, 3)
    assert shot.reduced(1).factor == shot.reduced(2).reduced(1).factor == 1
    assert shot.reduced(8).factor == 4
    assert np.array_equal(shot.reduced(4).pixels, shot.pixels)
