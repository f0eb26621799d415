"""Pictures of overlapping shapes: sharp to the pixel everywhere, with edges and corners at every scale and contrast.

The dead leaves model (Lee, Mumford, Huang, IJCV 2001) has the statistics of natural images. Restoration networks learn
from it what a few photographs do not show (Achddou, Gousseau, Ladjal, SSVM 2021).
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmark.datasets.dual_pixel import as_float
from realdof.images.resize import area_resize

SUPERSAMPLING = 2
"""Factor by which shapes are drawn larger, then reduced by area averaging, so that edges are anti-aliased."""
SMALLEST, LARGEST = 3.0, 0.4
"""Smallest radius of the shapes, px, and largest, as a share of the picture's side; their density falls as 1 / r^3."""
SHAPES = 900
TEXTURED = 0.35
"""Share of the shapes that are cut out of the photograph; the others have one of its colours, with shading."""

Float = NDArray[np.float32]
Outline = Callable[[float, np.random.Generator], NDArray[np.float64]]


def dead_leaves(photograph: NDArray[np.uint8] | NDArray[np.uint16], size: int, random: np.random.Generator) -> Float:
    """Draw a picture of shapes with the colours and textures of a photograph.

    Parameters
    ----------
    photograph
        (H, W, 3), RGB, at least ``size`` px high and wide.
    size
        Side of the picture, px.

    Returns
    -------
    ndarray
        float32 (size, size, 3) in [0, 1], sRGB-encoded.
    """
    side = size * SUPERSAMPLING
    canvas = _texture(photograph, side, side, random)
    # Shapes are painted from back to front, in an order that does not depend on their size.
    for radius in _radii(size, random) * SUPERSAMPLING:
        _paint(canvas, photograph, radius, random)
    return np.clip(area_resize(canvas, size, size), 0, 1).astype(np.float32)


def _radii(size: int, random: np.random.Generator) -> NDArray[np.float64]:
    least, most = SMALLEST**-2, (LARGEST * size) ** -2
    return np.asarray((least - random.random(SHAPES) * (least - most)) ** -0.5)


def _paint(
    canvas: Float, photograph: NDArray[np.uint8] | NDArray[np.uint16], radius: float, random: np.random.Generator
) -> None:
    side = canvas.shape[0]
    outline = OUTLINES[int(random.integers(len(OUTLINES)))](radius, random) + random.uniform(0, side, 2)
    first = np.maximum(np.floor(outline.min(axis=0)).astype(int), 0)
    last = np.minimum(np.ceil(outline.max(axis=0)).astype(int) + 1, side)
    width, height = (int(value) for value in last - first)
    if width <= 0 or height <= 0:
        return
    inside = np.zeros((height, width), np.uint8)
    points = np.round((outline - first) * 16).astype(np.int32)
    cv2.fillPoly(inside, [points], 1, shift=4)
    if random.random() < TEXTURED:
        fill = _texture(photograph, height, width, random)
    else:
        fill = _shaded(_colour(photograph, random), height, width, random)
    part = canvas[first[1] : last[1], first[0] : last[0]]
    np.copyto(part, fill, where=inside[..., None].astype(bool))


def _texture(
    photograph: NDArray[np.uint8] | NDArray[np.uint16], height: int, width: int, random: np.random.Generator
) -> Float:
    """Return a part of the photograph, reduced by two, which makes it sharp."""
    tall, wide = min(photograph.shape[0], 2 * height), min(photograph.shape[1], 2 * width)
    top = int(random.integers(photograph.shape[0] - tall + 1))
    left = int(random.integers(photograph.shape[1] - wide + 1))
    part = as_float(photograph[top : top + tall, left : left + wide])
    return np.asarray(cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA), np.float32)


def _colour(photograph: NDArray[np.uint8] | NDArray[np.uint16], random: np.random.Generator) -> Float:
    row, column = (int(random.integers(length)) for length in photograph.shape[:2])
    return as_float(photograph[row, column])


def _shaded(colour: Float, height: int, width: int, random: np.random.Generator) -> Float:
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    down, across = random.uniform(-0.25, 0.25, 2)
    light = 1 + down * (y / height - 0.5) + across * (x / width - 0.5)
    return (colour * light[..., None]).astype(np.float32)


def _ellipse(radius: float, random: np.random.Generator) -> NDArray[np.float64]:
    angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    points = np.stack([np.cos(angles), random.uniform(0.4, 1.0) * np.sin(angles)], axis=1)
    return _turned(points * radius, random)


def _rectangle(radius: float, random: np.random.Generator) -> NDArray[np.float64]:
    # From squares to bars with an aspect ratio of 20.
    thin = np.exp(random.uniform(np.log(0.05), 0))
    return _turned(np.array([[-1, -thin], [1, -thin], [1, thin], [-1, thin]]) * radius, random)


def _polygon(radius: float, random: np.random.Generator) -> NDArray[np.float64]:
    count = int(random.integers(3, 9))
    angles = np.sort(random.uniform(0, 2 * np.pi, count))
    return np.stack([np.cos(angles), np.sin(angles)], axis=1) * radius * random.uniform(0.4, 1.0, (count, 1))


def _turned(points: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    angle = random.uniform(0, 2 * np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.asarray(points @ turn)


OUTLINES: tuple[Outline, ...] = (_ellipse, _rectangle, _polygon)
"""Functions that draw a shape's corners around its centre, float64 (n, 2), x and y."""
