"""Our warps against scikit-image, SciPy and kornia: one homography, the interior of one photograph."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
import torch
from kornia.geometry.transform import warp_perspective
from scipy.ndimage import map_coordinates
from skimage.transform import ProjectiveTransform
from skimage.transform import warp as warp_of_skimage

from ifan.training.losses import warp_by_disparity
from realdof.geometry.grid import Grid, from_integer_centres
from realdof.geometry.warp import warp

Agree = Callable[..., None]

# A turn of a degree, a shift and some perspective, between pixels whose centres are whole numbers.
HOMOGRAPHY = np.array([[0.9998, -0.0175, 3.3], [0.0175, 0.9998, -2.6], [2e-6, -3e-6, 1.0]])
INSIDE = (slice(16, -16), slice(16, -16))


@pytest.fixture
def image(photograph: np.ndarray) -> np.ndarray:
    return photograph.astype(np.float32) / 255


@pytest.fixture
def ours(image: np.ndarray) -> np.ndarray:
    matrix = from_integer_centres(HOMOGRAPHY)
    return warp(image, matrix, Grid.of(image), interpolation=cv2.INTER_LINEAR)[INSIDE]


def test_bilinear_warp(image: np.ndarray, ours: np.ndarray, agree: Agree) -> None:
    """OpenCV places a sample on a grid of 1/32 px in its older versions: what that may change is allowed."""
    theirs = warp_of_skimage(image, ProjectiveTransform(HOMOGRAPHY), order=1, mode="reflect")[INSIDE]
    agree("warp, linear", "scikit-image", ours, theirs, at_most=0.02)
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]].astype(float)
    x, y, w = np.einsum("ij,jhw->ihw", HOMOGRAPHY, np.stack([columns, rows, np.ones_like(rows)]))
    places = np.stack([y / w, x / w])
    theirs = np.stack([map_coordinates(channel, places, order=1) for channel in np.moveaxis(image, 2, 0)], axis=2)
    agree("warp, linear", "SciPy", ours, theirs[INSIDE], at_most=0.02)
    batch = torch.from_numpy(np.moveaxis(image, 2, 0)[None]).double()
    inverse = torch.from_numpy(np.linalg.inv(HOMOGRAPHY)[None])
    warped = warp_perspective(batch, inverse, image.shape[:2], align_corners=True)
    agree("warp, linear", "kornia", ours, np.moveaxis(warped[0].numpy(), 0, 2)[INSIDE], at_most=0.02)


def test_warp_by_disparity(image: np.ndarray, agree: Agree) -> None:
    """IFAN's spatial transformer, which is kornia's, against OpenCV and SciPy."""
    height, width = image.shape[:2]
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    disparity = (3 * np.sin(rows / 20) + 2 * np.cos(columns / 30)).astype(np.float32)
    batch = torch.from_numpy(np.moveaxis(image, 2, 0)[None])
    found = warp_by_disparity(batch, torch.from_numpy(disparity)[None, None])[0].permute(1, 2, 0).numpy()[INSIDE]
    theirs = cv2.remap(image, columns + disparity, rows, cv2.INTER_LINEAR)[INSIDE]
    agree("warp by disparity", "OpenCV, remap", found, theirs, at_most=0.02)
    places = np.stack([rows, columns + disparity])
    channels = [map_coordinates(channel, places, order=1) for channel in np.moveaxis(image, 2, 0)]
    agree("warp by disparity", "SciPy", found, np.stack(channels, axis=2)[INSIDE], at_most=1e-4)
