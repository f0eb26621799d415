"""The accuracy that is promised of a build, on pairs at the paper's size and on raw files of two virtual cameras."""

from pathlib import Path

import numpy as np
import pytest
from captured_scenes import Outcome, build
from view_pairs import corner_error, view_pair

from realdof.alignment.estimate import AlignmentSettings, estimate_homography
from realdof.geometry.grid import Grid
from realdof.simulation.parameters import SceneKind, Simulation
from realdof.simulation.rig import Body
from realdof.simulation.simulate import simulate_scene

HEIGHT, WIDTH = 1586, 2376
EXACT = 0.05
SMALL = (396, 594)
# Half the pixels a side of a capture of this size: 800x532.
BODY = Body(Grid(1064, 1600), (0, 0), Grid(1064, 1600))
RIG = Simulation(wide_f_number=3.6, largest_radius=20.0)


def turned(degrees: float, height: int, width: int) -> np.ndarray:
    """A turn about the middle, exactly."""
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = np.array([width / 2, height / 2])
    result = np.eye(3)
    result[:2, :2], result[:2, 2] = turn, middle - turn @ middle
    return result


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "options"),
    [(0, {"noise": 0.03, "gain": 0.7, "leaves": 1000}), (7, {"degrees": 10.0, "shift": 156.0, "gain": 1.4})],
    ids=["2 degrees, 80 px, noise", "10 degrees, 156 px"],
)
def test_pairs_at_the_papers_size_are_aligned_to_a_twentieth_of_a_pixel(seed: int, options: dict[str, float]) -> None:
    views = view_pair(seed, HEIGHT, WIDTH, **options)  # type: ignore[arg-type]
    found = estimate_homography(views.reference, views.moving, AlignmentSettings())
    assert corner_error(found.matrix, views.homography, HEIGHT, WIDTH) <= EXACT
    assert found.mirrored
    assert found.verdict == "accepted"


@pytest.mark.parametrize("degrees", [30.0, 180.0])
@pytest.mark.parametrize("mirrored", [False, True])
def test_features_carry_the_alignment_over_any_rotation(degrees: float, mirrored: bool) -> None:
    exact = turned(degrees, *SMALL)
    if mirrored:
        exact = np.array([[-1, 0, SMALL[1]], [0, 1, 0], [0, 0, 1.0]]) @ exact
    views = view_pair(4, *SMALL, exact=exact, shift=100, mirrored=mirrored, leaves=6000)
    found = estimate_homography(views.reference, views.moving, AlignmentSettings())
    assert corner_error(found.matrix, exact, *SMALL) <= EXACT
    assert found.mirrored == mirrored
    assert found.verdict == "accepted"


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("leaves", [20, 60, 300])
def test_what_is_accepted_is_never_off_by_a_third_of_a_pixel(seed: int, leaves: int) -> None:
    """Scenes with little to hold on to, in much noise: right, or refused."""
    views = view_pair(seed, *SMALL, content="sky", leaves=leaves, noise=0.05, shift=30, perspective=3)
    found = estimate_homography(views.reference, views.moving, AlignmentSettings())
    if found.verdict == "accepted":
        assert corner_error(found.matrix, views.homography, *SMALL) <= 0.3


@pytest.fixture(scope="module")
def captures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("captures")


def built(captures: Path, name: str, simulation: Simulation, kind: SceneKind = "textured") -> Outcome:
    simulate_scene(captures / name, simulation, 1, kind, BODY)
    return build(captures / name, 2)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "seed", "gain"), [("darker", 3, 0.7), ("brighter", 4, 1.4)], ids=["gain 0.7", "gain 1.4"]
)
def test_raw_files_of_two_cameras_give_homography_and_gain(captures: Path, name: str, seed: int, gain: float) -> None:
    found = built(
        captures, name, Simulation(**(vars(RIG) | {"seed": seed, "smallest_gain": gain, "largest_gain": gain}))
    )
    assert found.corner_error is not None
    assert found.corner_error <= EXACT
    assert max(map(abs, found.gain_errors)) <= 0.005
    assert found.verdict == "accepted", found.reason


def test_vignetting_of_the_aperture_leaves_the_alignment_alone_and_is_named(captures: Path) -> None:
    found = built(captures, "vignetting", Simulation(**(vars(RIG) | {"vignetting": True, "wide_f_number": 1.8})))
    assert found.corner_error is not None
    assert found.corner_error <= EXACT
    assert found.verdict == "doubtful"
    assert "vignetting" in found.reason
    # All channels lose the same, so the image keeps its colours.
    assert max(found.gain_errors) - min(found.gain_errors) <= 0.015


@pytest.mark.parametrize(("kind", "reason"), [("sky", "texture"), ("wrong-pair", "same scene")])
def test_raw_files_with_nothing_to_align_are_rejected_with_the_reason(
    captures: Path, kind: SceneKind, reason: str
) -> None:
    found = built(captures, kind, RIG, kind)
    assert found.verdict == "rejected"
    assert reason in found.reason
