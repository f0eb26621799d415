"""The scenery of simulated captures: flat layers at known depths, with photographs and fine detail on them.

The photographs are scikit-image's, a few hundred pixels wide, and fill the 2376x1586 grid at about its own
resolution. Discs and lines with sharp edges, down to a few full-size pixels, add finer detail.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import skimage.data

from realdof.common.machine.opencv import cv2
from realdof.images.colour import light_of_codes

# Number of full-size pixels per pixel of a photograph, along a side; the grid has four.
_PHOTO_SCALE = 4.5
_TEXTURE_SCALE = 2.0
_AREA_PER_SHAPE = 10_000.0
_STEPS, _CARDS = 4, 9
_LARGEST_CARD = 0.35
_SUBPIXEL_BITS = 4
# Below this scale objects are not drawn smaller, because finer detail would alias in the small size.
_SMALLEST_SCALE = 0.4


@dataclass(frozen=True)
class Layer:
    """A flat surface that faces the cameras.

    Attributes
    ----------
    texture
        uint16 (H, W, 4): linear sRGB times coverage, then coverage; 65535 is one. Its pixels are scene pixels, the
        first one at ``corner`` (x, y) in scene coordinates.
    depth
        Position from far (1) to near (-1), which the lens converts to a distance.
    """

    texture: np.ndarray
    corner: tuple[int, int]
    depth: float


Box = tuple[int, int, int, int]
"""Left, right, top and bottom in scene coordinates; the right column and the bottom row are excluded."""


def textured_scenery(random: np.random.Generator, box: Box, scale: float) -> list[Layer]:
    """Make a wall, a floor in steps towards the cameras, and cards in front of the wall, sorted from far to near.

    Parameters
    ----------
    box
        The part of the scene that the cameras see.
    scale
        Number of scene pixels per pixel of the real camera, along a side.
    """
    left, right, top, bottom = box
    height, width = bottom - top, right - left
    scale = max(scale, _SMALLEST_SCALE)
    depths = np.sort(random.uniform(-1, 1, _STEPS + _CARDS))[::-1]
    # The wall is the farthest layer, and one layer lies in the plane of focus.
    depths[np.abs(depths).argmin()] = 0.0
    layers = [Layer(_texture(_collage(random, height, width, scale)), (left, top), 1.0)]
    steps = set(random.choice(len(depths), _STEPS, replace=False).tolist())
    step_tops = iter((np.linspace(0.55, 0.9, _STEPS) * height).astype(int).tolist())
    for index, depth in enumerate(depths.tolist()):
        if index in steps:
            y = next(step_tops)
            texture = _texture(_ground(random, min(height - y, height // 5), width, scale))
            layers.append(Layer(texture, (left, top + y), depth))
        else:
            texture = _card(random, scale, round(_LARGEST_CARD * height))
            x = int(random.integers(left, max(right - texture.shape[1], left + 1)))
            y = int(random.integers(top, max(bottom - texture.shape[0], top + 1)))
            layers.append(Layer(texture, (x, y), depth))
    return layers


def sky_scenery(random: np.random.Generator, box: Box) -> list[Layer]:
    """Make a clear sky: only a soft gradient, which cannot be aligned."""
    left, right, top, bottom = box
    horizon, zenith = np.array([0.62, 0.74, 0.86]), np.array([0.22, 0.40, 0.72])
    share = np.linspace(0, 1, bottom - top)[:, None] + random.uniform(-0.05, 0.05)
    column = np.clip(zenith + share * (horizon - zenith), 0, 1)
    texture = np.empty((bottom - top, right - left, 4), np.uint16)
    texture[..., :3] = np.rint(column * 65535)[:, None]
    texture[..., 3] = 65535
    return [Layer(texture, (left, top), 1.0)]


@cache
def _photographs() -> tuple[np.ndarray, ...]:
    """Return the photographs, uint8 (H, W, 3) each, sRGB."""
    data = skimage.data
    photos = (data.astronaut(), data.coffee(), data.chelsea(), data.rocket(), data.stereo_motorcycle()[0])
    return tuple(np.ascontiguousarray(photo[..., :3]) for photo in photos)


@cache
def _grounds() -> tuple[np.ndarray, ...]:
    """Return the textures of the ground, uint8 (H, W) each."""
    return skimage.data.gravel(), skimage.data.grass(), skimage.data.brick()


def _collage(random: np.random.Generator, height: int, width: int, scale: float) -> np.ndarray:
    """Arrange photographs in rows and draw detail over them; uint8 (H, W, 3), sRGB."""
    canvas = np.empty((height, width, 3), np.uint8)
    y = 0
    while y < height:
        row_height = int(random.uniform(1300, 2300) * scale)
        x = 0
        while x < width:
            photo = _photo(random)
            photo_width = round(row_height * photo.shape[1] / photo.shape[0])
            cell = canvas[y : y + row_height, x : x + photo_width]
            cell[:] = _resized(photo, row_height, photo_width)[: cell.shape[0], : cell.shape[1]]
            x += photo_width
        y += row_height
    _draw_shapes(random, canvas, scale)
    return canvas


def _ground(random: np.random.Generator, height: int, width: int, scale: float) -> np.ndarray:
    """Make a tinted surface of gravel, grass or brick; uint8 (H, W, 3), sRGB."""
    grounds = _grounds()
    tile = grounds[random.integers(len(grounds))]
    side = round(tile.shape[0] * max(_TEXTURE_SCALE * scale, 1))
    tile = _resized(tile, side, side)
    tile = np.block([[tile, tile[:, ::-1]], [tile[::-1], tile[::-1, ::-1]]])
    repeats = -(-height // tile.shape[0]), -(-width // tile.shape[1])
    grey = np.tile(tile, repeats)[:height, :width]
    tint = random.uniform(0.6, 1.0, 3)
    curves = np.clip(np.arange(256)[:, None] * tint, 0, 255).astype(np.uint8)
    canvas = np.ascontiguousarray(curves[grey])
    _draw_shapes(random, canvas, scale)
    return canvas


def _card(random: np.random.Generator, scale: float, largest: int) -> np.ndarray:
    """Make the texture of a card: a photograph with detail, rotated, cut to a rectangle or an ellipse."""
    photo = _photo(random)
    share = random.uniform(0.5, 1)
    height = round(photo.shape[0] * _PHOTO_SCALE * scale)
    width = round(photo.shape[1] * _PHOTO_SCALE * scale)
    canvas = _resized(photo, height, width)
    # A card that is too large for the scene is cropped to its middle, not shrunk.
    height, width = round(min(height, largest) * share), round(min(width, largest) * share)
    top, left = (canvas.shape[0] - height) // 2, (canvas.shape[1] - width) // 2
    canvas = np.ascontiguousarray(canvas[top : top + height, left : left + width])
    _draw_shapes(random, canvas, scale)
    mask = np.zeros((height, width), np.uint8)
    if random.random() < 0.5:
        mask[:] = 255
    else:
        centre, axes = (width // 2, height // 2), (width // 2 - 1, height // 2 - 1)
        cv2.ellipse(mask, centre, axes, 0, 0, 360, 255, -1, cv2.LINE_AA)
    angle = random.uniform(-25, 25)
    side = int(np.hypot(height, width)) + 4
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), angle, 1.0)
    turn[:, 2] += (side - width) / 2, (side - height) / 2
    # The photograph continues beyond its edges, so that only the mask determines the outline.
    canvas = cv2.warpAffine(canvas, turn, (side, side), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    mask = cv2.warpAffine(mask, turn, (side, side), flags=cv2.INTER_LINEAR)
    return _texture(canvas, mask)


def _photo(random: np.random.Generator) -> np.ndarray:
    photos = _photographs()
    photo = photos[random.integers(len(photos))]
    return photo[:, ::-1] if random.random() < 0.5 else photo


def _resized(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    method = cv2.INTER_CUBIC if height > picture.shape[0] else cv2.INTER_AREA
    resized: np.ndarray = cv2.resize(picture, (width, height), interpolation=method)
    return resized


def _draw_shapes(random: np.random.Generator, canvas: np.ndarray, scale: float) -> None:
    """Draw antialiased discs and lines of random colours, sizes and places."""
    height, width = canvas.shape[:2]
    count = int(height * width / (scale * scale * _AREA_PER_SHAPE))
    places = random.uniform(0, 1, (count, 2)) * (width, height) * 2**_SUBPIXEL_BITS
    # Sizes are uniform on a logarithmic scale, as in nature: few are large, many small.
    radii = np.exp(random.uniform(np.log(2.0), np.log(60 * scale), count))
    radii *= 2**_SUBPIXEL_BITS
    directions = random.uniform(0, 2 * np.pi, count)
    greys, tints = random.uniform(20, 235, (count, 1)), random.normal(0, 25, (count, 3))
    colours = np.clip(greys + tints, 0, 255).tolist()
    ends = places + 5 * radii[:, None] * np.column_stack([np.cos(directions), np.sin(directions)])
    discs = (random.random(count) < 0.6).tolist()
    for place, end, radius, colour, disc in zip(
        places.astype(int).tolist(), ends.astype(int).tolist(), radii.tolist(), colours, discs, strict=True
    ):
        if disc:
            cv2.circle(canvas, place, int(radius), colour, -1, cv2.LINE_AA, _SUBPIXEL_BITS)
        else:
            thickness = max(1, round(radius / 2**_SUBPIXEL_BITS / 6))
            cv2.line(canvas, place, end, colour, thickness, cv2.LINE_AA, _SUBPIXEL_BITS)


def _texture(canvas: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    """Make a layer's texture from an sRGB picture and its coverage, both uint8; None for full coverage."""
    texture = np.empty((*canvas.shape[:2], 4), np.uint16)
    texture[..., 3] = 65535 if mask is None else mask.astype(np.uint16) * 257
    levels = light_of_codes(256)
    for channel in range(3):
        linear = levels[canvas[..., channel]]
        texture[..., channel] = linear if mask is None else linear.astype(np.uint32) * mask // 255
    return texture
