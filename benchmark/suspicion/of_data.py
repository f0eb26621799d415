"""Doubts about a data set's files before a run: depth, pairing, and the size at which they are scored."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np

from benchmark.datasets.base import Entry
from benchmark.protocols.base import Protocol
from benchmark.suspicion.signs import likeness
from realdof.common.errors import InputError
from realdof.images.colour import luma
from realdof.images.files import read_pixels
from realdof.images.headers import read_header

LOOKED_AT = 4
"""Number of neighbouring scenes compared; the pixels of one scene more are decoded."""
_BETTER = 0.3
"""Least difference by which an input must correlate better with a neighbour's target than with its own."""
_SMALL = 64
"""px; side to which images are reduced to check the pairing."""


def doubts_about_data(entries: Sequence[Entry], protocol: Protocol) -> list[str]:
    """List doubts about the data, one sentence each.

    Sizes are checked for all files, from their headers; pixels only for the first scenes. An unreadable file raises no
    doubt here, because the run itself records that failure.
    """
    first = _first_of_each_target(entries)[: LOOKED_AT + 1]
    doubts: list[str] = []
    for found in (_other_size(entries, protocol), _eight_in_sixteen(first), _off_by_one(first)):
        with suppress(InputError):
            doubts += found
    return doubts


def holds_eight_bits(pixels: np.ndarray) -> bool:
    """Return whether 16-bit pixels hold 8-bit values v, stored as v, v x 256 or v x 257.

    Parameters
    ----------
    pixels
        uint16 of any shape.
    """
    return bool(pixels.max() <= 255 or not np.any(pixels % 257) or not np.any(pixels % 256))


def _other_size(entries: Sequence[Entry], protocol: Protocol) -> Iterator[str]:
    found = []
    for entry in entries:
        header = read_header(entry.image)
        stored, scored = (header.height, header.width), protocol.fitted_size(header.height, header.width)
        # Cropping to a multiple and rotating do not change the scale.
        cuts = [abs(one - other) for one, other in zip(sorted(stored), sorted(scored), strict=True)]
        if max(cuts) >= max(protocol.size_multiple, 2):
            found.append((entry.name, scored, stored))
    if found:
        name, scored, stored = found[0]
        yield (
            f"{len(found)} of {len(entries)} images are scored at another size than their files', {name} for one at "
            f"{scored[1]}x{scored[0]} instead of {stored[1]}x{stored[0]}: such figures compare with no others"
        )


def _eight_in_sixteen(entries: Sequence[Entry]) -> Iterator[str]:
    # A target may come from an 8-bit photograph, as in sample, so only blurred inputs are checked.
    for path in (path for entry in entries[:1] for role, path in entry.files.items() if role != "target"):
        pixels = read_pixels(path)
        if pixels.dtype == np.uint16 and pixels.max() > 0 and holds_eight_bits(pixels):
            top = int(pixels.max())
            how = (
                f"none of its values exceeds {top}, so it reads as black"
                if top <= 255
                else "all its values are those of 8 bits"
            )
            yield f"{path} is a 16-bit file that holds 8-bit values: {how}"
            return


def _off_by_one(entries: Sequence[Entry]) -> Iterator[str]:
    pairs = [(entry.image, entry.target) for entry in entries if entry.target is not None]
    if len(pairs) < 3:
        return
    images, truths = ([_small(path) for path in side] for side in zip(*pairs, strict=True))
    own = [likeness(image, truth) for image, truth in zip(images, truths, strict=True)]
    for step, place in ((1, "after"), (-1, "before")):
        at = [index for index in range(len(pairs)) if 0 <= index + step < len(pairs)]
        if all(likeness(images[index], truths[index + step]) > own[index] + _BETTER for index in at):
            yield (
                f"each input shows what the target {place} its own does ({pairs[at[0]][0].name} is like "
                f"{pairs[at[0] + step][1].name}): names are paired off by one"
            )


def _small(path: Path) -> np.ndarray:
    return cv2.resize(luma(read_pixels(path)), (_SMALL, _SMALL), interpolation=cv2.INTER_AREA)


def _first_of_each_target(entries: Sequence[Entry]) -> list[Entry]:
    return list({entry.target: entry for entry in reversed(entries)}.values())[::-1] if entries else []
