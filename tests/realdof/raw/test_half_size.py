"""Developing straight to half the size: nothing displaced, LibRaw's colours, as near to the truth as AHD."""

from itertools import product
from pathlib import Path

import cv2
import numpy as np
import pytest

from realdof.images.colour import linear_to_srgb
from realdof.images.files import write_pixels
from realdof.images.resize import area_resize
from realdof.optics.lens import disc_kernel
from realdof.raw.cameras import A7R_IV
from realdof.raw.crop import crop
from realdof.raw.develop import Multipliers, develop, develop_cropped, develop_half
from realdof.raw.exif import Exif
from realdof.raw.half_size import BLUE, GREEN, RED, SITES, Mosaic, develop_half_size, interpolation
from realdof.raw.write import write_arw, write_dng
from realdof.simulation.parameters import DAYLIGHT
from realdof.simulation.sensor import read_out, signal
from realdof.simulation.views import airy_kernel

PATTERNS = [(RED, GREEN, GREEN, BLUE), (BLUE, GREEN, GREEN, RED), (GREEN, RED, BLUE, GREEN), (GREEN, BLUE, RED, GREEN)]
SHARED: Multipliers = (DAYLIGHT[0], DAYLIGHT[1], DAYLIGHT[2], DAYLIGHT[1])
EXPOSURE = 0.62


def malvar(plane: np.ndarray, colours: tuple[int, int, int, int], row: int, column: int, channel: int) -> float:
    """The interpolation of Malvar et al. as their Section 3 says it: bilinear, and the known channel's gradient."""

    def at(down: int, right: int) -> float:
        return float(plane[row + down, column + right])

    def colour(down: int, right: int) -> int:
        return colours[2 * ((row + down) % 2) + (column + right) % 2]

    own = colour(0, 0)
    if own == channel:
        return at(0, 0)
    near = [(d, r) for d, r in product((-1, 0, 1), repeat=2) if colour(d, r) == channel]
    bilinear = sum(at(d, r) for d, r in near) / len(near)
    far = {place: at(*place) for place in ((-2, 0), (2, 0), (0, -2), (0, 2))}
    if own != GREEN:
        gain = 1 / 2 if channel == GREEN else 3 / 4
        return bilinear + gain * (at(0, 0) - sum(far.values()) / 4)
    # Beta: the nine-point gradient at green, 5/8 of the pixel less weighted neighbours.
    along = [(0, -2), (0, 2)] if near[0][0] == 0 else [(-2, 0), (2, 0)]
    corners = sum(at(d, r) for d, r in product((-1, 1), repeat=2))
    others = sum(value for place, value in far.items() if place not in along)
    return bilinear + (5 * at(0, 0) - corners - sum(far[place] for place in along) + others / 2) / 8


@pytest.mark.parametrize("colours", PATTERNS)
def test_the_taps_are_malvars_interpolation_and_the_mean_of_four_pixels(colours: tuple[int, int, int, int]) -> None:
    plane = np.random.default_rng(1).random((12, 14))
    weights = interpolation(colours)
    for area_row, area_column in ((2, 2), (3, 4)):
        for channel in range(3):
            whole = [
                malvar(plane, colours, 2 * area_row + row, 2 * area_column + column, channel) for row, column in SITES
            ]
            areas = (slice(area_row - 1, area_row + 2), slice(area_column - 1, area_column + 2))
            planes = [plane[row::2, column::2][areas] for row, column in SITES]
            taps = sum((weight * near).sum() for weight, near in zip(weights[channel], planes, strict=True))
            assert taps == pytest.approx(np.mean(whole), abs=1e-12)


@pytest.mark.parametrize("colours", PATTERNS)
def test_nothing_is_displaced_and_no_light_is_lost(colours: tuple[int, int, int, int]) -> None:
    """Each channel's weights sum to one and have their centre of mass at the centre of the area."""
    rows, columns = np.mgrid[-1:2, -1:2] * 2.0
    for channel in interpolation(colours):
        assert channel.sum() == pytest.approx(1)
        for places, of_site in ((rows, 0), (columns, 1)):
            moment = sum((channel[site] * (places + SITES[site][of_site])).sum() for site in range(4))
            assert moment == pytest.approx(0.5)


@pytest.mark.parametrize("colours", PATTERNS)
def test_grey_stays_grey_whatever_the_filters_order(colours: tuple[int, int, int, int]) -> None:
    multipliers = tuple(DAYLIGHT[colour] for colour in colours)
    levels = A7R_IV.black + 0.25 * (A7R_IV.white - A7R_IV.black) / np.array(multipliers)
    pixels = np.tile(np.rint(levels).astype(np.uint16).reshape(2, 2), (20, 30))
    mosaic = Mosaic(pixels, colours, (A7R_IV.black,) * 4, A7R_IV.white, np.eye(3))
    first, second, third, fourth = multipliers
    developed = develop_half_size(mosaic, (first, second, third, fourth))
    assert developed.shape == (20, 30, 3)
    np.testing.assert_allclose(developed, linear_to_srgb(np.array(0.25)) * 65535, atol=8)


def photograph(aperture: np.ndarray, seed: int) -> np.ndarray:
    """Light behind a lens, float32 (512, 640, 3): textures and edges of many colours."""
    random = np.random.default_rng(seed)
    light = np.full((512, 640, 3), 0.3, np.float32)
    for _ in range(500):
        centre, size = random.integers(0, 640, 2).tolist(), int(random.integers(3, 40))
        cv2.circle(light, centre, size, random.uniform(0.02, 1, 3).tolist(), -1, cv2.LINE_AA)
    return np.asarray(cv2.filter2D(light, -1, aperture.astype(np.float32)))


def decibels(developed: np.ndarray, expected: np.ndarray) -> float:
    difference = (developed / 65535 - expected)[8:-8, 8:-8]
    return float(-10 * np.log10(np.mean(difference**2)))


@pytest.mark.parametrize("iso", [None, 100, 8000])
@pytest.mark.parametrize("aperture", ["F16", "defocused"])
def test_a_quarter_of_the_size_is_as_near_to_the_truth_as_ahds_to_half_a_decibel(
    tmp_path: Path, aperture: str, iso: float | None
) -> None:
    light = photograph(airy_kernel(21 / 3.76) if aperture == "F16" else disc_kernel(6.0), seed=3)
    mosaic = read_out(signal(light, EXPOSURE, np.array(DAYLIGHT)), iso, np.random.default_rng(4))
    path = tmp_path / "a.ARW"
    write_arw(path, mosaic, Exif(), DAYLIGHT)
    height, width = light.shape[0] // 4, light.shape[1] // 4
    truth = area_resize(linear_to_srgb(light * EXPOSURE).astype(np.float32), height, width)
    half, whole = develop_half(path, SHARED), develop_cropped(path, SHARED)
    assert (half.by, whole.by) == ("half-size", "ahd")
    ours, ahd = (area_resize(shot.pixels, height, width) for shot in (half, whole))
    assert decibels(ours, truth) > decibels(ahd, truth) - 0.5


@pytest.mark.parametrize("suffix", [".ARW", ".dng"])
@pytest.mark.parametrize("white_balance", [None, SHARED, (1.8, 1.0, 1.4, 0.0)])
def test_colours_are_librawrs(tmp_path: Path, suffix: str, white_balance: Multipliers | None) -> None:
    path = tmp_path / f"a{suffix}"
    light = np.kron(np.random.default_rng(2).uniform(0.05, 0.9, (4, 6, 3)), np.ones((16, 16, 1))).astype(np.float32)
    mosaic = read_out(signal(light, EXPOSURE, np.array(DAYLIGHT)), None, np.random.default_rng(0))
    if suffix == ".dng":
        write_dng(path, mosaic, Exif(), DAYLIGHT, A7R_IV.camera_from_xyz)
    else:
        write_arw(path, mosaic, Exif(), DAYLIGHT)
    ours, theirs = develop_half(path, white_balance), develop(path, white_balance)
    assert ours.by == "half-size"
    middles = (slice(4, None, 8), slice(4, None, 8))
    np.testing.assert_allclose(ours.pixels[middles].astype(int), theirs[8::16, 8::16].astype(int), atol=40)


def test_what_is_clipped_is_white(tmp_path: Path) -> None:
    path = tmp_path / "a.ARW"
    write_arw(path, np.full((64, 96), A7R_IV.white, np.uint16), Exif(), DAYLIGHT)
    assert develop_half(path, SHARED).pixels.min() == 65535


def test_developed_files_are_averaged(tmp_path: Path) -> None:
    pixels = np.random.default_rng(5).integers(0, 65536, (64, 96, 3), np.uint16)
    write_pixels(tmp_path / "a.tiff", pixels)
    shot = develop_half(tmp_path / "a.tiff")
    assert shot.by == "someone else"
    np.testing.assert_array_equal(shot.pixels, area_resize(pixels, 32, 48))


@pytest.mark.parametrize(("size", "pixels"), [((64, 96), 0), ((68, 104), 0), ((66, 98), 1), ((70, 100), 1)])
def test_half_and_whole_show_the_same_part_to_a_pixel_of_the_raw(
    tmp_path: Path, size: tuple[int, int], pixels: int
) -> None:
    """Where the part begins at an odd row or column of the raw, the half-size image's begins one earlier."""
    ramp = np.add.outer(np.linspace(0.1, 0.4, size[0]), np.linspace(0.0, 0.3, size[1]))
    light = np.repeat(ramp[..., None], 3, axis=2).astype(np.float32)
    path = tmp_path / "a.ARW"
    write_arw(path, read_out(signal(light, 1.0, np.array(DAYLIGHT)), None, np.random.default_rng(0)), Exif(), DAYLIGHT)
    half, whole = develop_half(path, SHARED).pixels, crop(develop(path, SHARED))
    assert whole.shape[:2] == (2 * half.shape[0], 2 * half.shape[1])
    reduced = area_resize(whole, *half.shape[:2]).astype(int)
    # The sRGB curve's slope is below 2 from a light of 0.1 on.
    assert np.abs(half - reduced)[4:-4, 4:-4].max() < 40 + 65535 * 2 * pixels * (0.3 / size[0] + 0.3 / size[1])
