"""What a report shows of one image: the pictures, how far each is from the truth, the blur, and errors by blur.

Errors are computed from the 16-bit outputs and the images as the protocol reads them, before anything is compressed.
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
"""Keys of the two images of the data set among the pictures."""
LARGEST_ERROR = 0.1
"""Root mean square over the colours, of a range of 1, at which the error maps reach their last colour."""
LARGEST_BLUR = 8.0
"""px, standard deviation of a Gaussian, at which the blur maps reach their last colour."""
MAP_WIDTH = 560
"""px; wider maps are reduced to it."""
DIFFERENCE_WIDTH = 336
"""px; maps of two pictures' difference are smaller, since there is one for each two."""
MOST_COMPARED = 9
"""Pictures of which each two have a map of their difference, the input among them; 36 maps."""
THUMBNAIL_WIDTH = 320
NO_TEXTURE = 128
"""Grey of blocks whose blur cannot be told."""


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
        Maps of the difference of each two of the first pictures but the truth, uint8 (h, w, 3), by ``ONE--OTHER``; a
        picture's difference from the truth is its error map.
    errors
        Share and mean squared error of each band of blur, by key; see ``benchmark.protocols.stratified``.
    """

    pictures: Mapping[str, np.ndarray]
    maps: Mapping[str, np.ndarray] = field(default_factory=dict)
    differences: Mapping[str, np.ndarray] = field(default_factory=dict)
    errors: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in px."""
        height, width = self.pictures[INPUT].shape[:2]
        return height, width


def read_layers(entry: Entry, protocol: Protocol, outputs: Mapping[str, Path], *, compared: bool = False) -> Layers:
    """Read an image's files and compute its maps.

    Parameters
    ----------
    protocol
        How the images are read and brought to the outputs' size.
    outputs
        16-bit results by key.
    compared
        Draw the difference of each two pictures too.

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
    # Slow to import, and tables of results do without.
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
        # Squares are averaged over the pixels of the smaller map, not roots.
        squared = _reduced(np.square(floats[one] - floats[other]).mean(axis=2), DIFFERENCE_WIDTH)
        found[f"{one}--{other}"] = coloured(np.sqrt(squared), LARGEST_ERROR)
    return found


def thumbnail(picture: np.ndarray) -> np.ndarray:
    """A small copy of a picture, uint8 (H, W, 3)."""
    return _reduced(picture, THUMBNAIL_WIDTH)


def coloured(values: np.ndarray, largest: float) -> np.ndarray:
    """A map (H, W) from 0 to ``largest`` as uint8 (H, W, 3) in the colours of viridis; grey where it is NaN."""
    levels = np.round(255 * np.clip(np.nan_to_num(values) / largest, 0, 1)).astype(np.uint8)
    colours = cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_VIRIDIS), cv2.COLOR_BGR2RGB)
    colours[np.isnan(values)] = NO_TEXTURE
    return np.asarray(colours)


def fitted(path: Path, protocol: Protocol) -> np.ndarray:
    """An image of the data set as the protocol reads it and brings it to the outputs' size, uint16 (H, W, 3)."""
    return pixels_from_image(protocol.fit(protocol.read(path)), 16)


def _reduced(values: np.ndarray, width: int = MAP_WIDTH) -> np.ndarray:
    if values.shape[1] <= width:
        return values
    return area_resize(values, max(1, round(values.shape[0] * width / values.shape[1])), width)


def _upright(blocks: np.ndarray, height: int, width: int) -> np.ndarray:
    """Blocks as squares of the image's shape, so that a map lies on its picture."""
    wide = min(MAP_WIDTH, width)
    size = (wide, max(1, round(height * wide / width)))
    return np.asarray(cv2.resize(blocks, size, interpolation=cv2.INTER_NEAREST))
