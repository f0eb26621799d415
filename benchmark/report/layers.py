"""The content of a report for one image: pictures, error maps, blur map, and errors by blur.

Errors are computed from the 16-bit outputs and from the images as the protocol reads them, before any compression.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import numpy as np

from benchmark.datasets.base import Entry
from benchmark.protocols.base import Protocol
from benchmark.protocols.stratified import band_of_blocks, errors_by_band
from realdof.common.errors import InputError
from realdof.common.machine.opencv import cv2
from realdof.images.depth import as_float, pixels_from_image, to_eight_bits
from realdof.images.files import read_pixels
from realdof.images.resize import area_resize

INPUT, TARGET = "input-image", "target"
"""Keys of the data set's own two images among the pictures."""
LARGEST_ERROR = 0.1
"""Error at the end of the error maps' colour scale: root mean square over the channels, with values in [0, 1]."""
LARGEST_BLUR = 8.0
"""Blur at the end of the blur maps' colour scale: standard deviation of a Gaussian, px."""
MAP_WIDTH = 560
"""Largest width of a map, px; wider maps are reduced to it."""
DIFFERENCE_WIDTH = 336
"""Largest width of a difference map, px; smaller, because there is one for every two pictures."""
MOST_COMPARED = 9
"""Largest number of pictures, including the input, that are compared with one another; nine give 36 maps."""
THUMBNAIL_WIDTH = 320
NO_TEXTURE = 128
"""Grey level of blocks whose blur is unknown."""


@dataclass(frozen=True)
class Layers:
    """The pictures, maps and errors of one image.

    Parameters
    ----------
    pictures
        uint8 (H, W, 3) by key: the defocused image, the all-in-focus image if there is one, and each output.
    maps
        Error maps by the key of their picture, and the blur map by ``blur``: uint8 (h, w, 3) in colour.
    differences
        Maps of the difference of every two of the first pictures, uint8 (h, w, 3), by ``ONE--OTHER``. The truth is not
        among them: the difference of a picture from it is the error map.
    errors
        Share and mean squared error of each band of blur, by key; see ``benchmark.protocols.stratified``.
    """

    pictures: Mapping[str, np.ndarray]
    maps: Mapping[str, np.ndarray] = field(default_factory=dict)
    differences: Mapping[str, np.ndarray] = field(default_factory=dict)
    errors: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width, px."""
        height, width = self.pictures[INPUT].shape[:2]
        return height, width


def read_layers(entry: Entry, protocol: Protocol, outputs: Mapping[str, Path], *, compared: bool = False) -> Layers:
    """Read an image's files and compute its maps.

    Parameters
    ----------
    protocol
        The protocol that reads the images and fits them to the outputs' size.
    outputs
        Paths of the 16-bit results, by key.
    compared
        Whether to draw the differences of every two pictures too.

    Raises
    ------
    InputError
        A file cannot be read, or an output is of another size than the image.
    """
    pixels = {INPUT: fitted(entry.image, protocol)}
    if entry.target is not None:
        pixels[TARGET] = fitted(entry.target, protocol)
    for key, path in outputs.items():
        pixels[key] = read_pixels(path)
        if pixels[key].shape != pixels[INPUT].shape:
            (height, width), (high, wide) = pixels[key].shape[:2], pixels[INPUT].shape[:2]
            raise InputError(f"{path} is {width}x{height}, but {entry.image} is {wide}x{high}; run the method again")
    pictures = {key: to_eight_bits(one) for key, one in pixels.items()}
    floats = {key: as_float(one) for key, one in pixels.items()}
    differences = _differences(floats) if compared else {}
    if TARGET not in pixels:
        return Layers(pictures, differences=differences)
    # Imported here because it is slow to import, and tables do not need it.
    from realdof.matching.blur import blur_map

    truth = floats.pop(TARGET)
    sigma = blur_map(floats[INPUT], truth).sigma
    bands = band_of_blocks(sigma)
    maps, errors = {"blur": _upright(coloured(sigma, LARGEST_BLUR), *truth.shape[:2])}, {}
    for key, one in floats.items():
        squared = np.square(one - truth).mean(axis=2)
        maps[key] = coloured(np.sqrt(_reduced(squared)), LARGEST_ERROR)
        errors[key] = errors_by_band(area_resize(squared, *bands.shape), bands)
    return Layers(pictures, maps, differences, errors)


def _differences(floats: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    shown = [key for key in floats if key != TARGET][:MOST_COMPARED]
    found = {}
    for one, other in combinations(shown, 2):
        # The squared errors are averaged over the pixels of the smaller map, then the root is taken.
        squared = _reduced(np.square(floats[one] - floats[other]).mean(axis=2), DIFFERENCE_WIDTH)
        found[f"{one}--{other}"] = coloured(np.sqrt(squared), LARGEST_ERROR)
    return found


def thumbnail(picture: np.ndarray) -> np.ndarray:
    """Return a small copy of a picture, uint8 (H, W, 3)."""
    return _reduced(picture, THUMBNAIL_WIDTH)


def coloured(values: np.ndarray, largest: float) -> np.ndarray:
    """Colour a map (H, W) of values from 0 to ``largest`` with viridis: uint8 (H, W, 3); NaN is grey."""
    levels = np.round(255 * np.clip(np.nan_to_num(values) / largest, 0, 1)).astype(np.uint8)
    colours = cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_VIRIDIS), cv2.COLOR_BGR2RGB)
    colours[np.isnan(values)] = NO_TEXTURE
    return np.asarray(colours)


def fitted(path: Path, protocol: Protocol) -> np.ndarray:
    """Read an image of the data set as the protocol does, fitted to the outputs' size: uint16 (H, W, 3)."""
    return pixels_from_image(protocol.fit(protocol.read(path)), 16)


def _reduced(values: np.ndarray, width: int = MAP_WIDTH) -> np.ndarray:
    if values.shape[1] <= width:
        return values
    return area_resize(values, max(1, round(values.shape[0] * width / values.shape[1])), width)


def _upright(blocks: np.ndarray, height: int, width: int) -> np.ndarray:
    """Enlarge a map of blocks to the shape of the image, so that it can be laid over the picture."""
    wide = min(MAP_WIDTH, width)
    size = (wide, max(1, round(height * wide / width)))
    return np.asarray(cv2.resize(blocks, size, interpolation=cv2.INTER_NEAREST))
