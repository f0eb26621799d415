"""Draw a visual comparison: a row per scene, a column per method, enlarged crops in coloured boxes, and scores."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.report.figures.canvas import WIDTH, figure
from realdof.common.errors import InputError
from realdof.common.machine.opencv import cv2

BOXES = ("#e69f00", "#56b4e9", "#009e73", "#cc79a7")
_GAP = 0.04
_TEXT = 0.2
"""Height of a line of text with the space around it, inches."""
SHARE = 0.18
"""Width of an automatic crop as a fraction of the image's width."""


@dataclass(frozen=True)
class Crop:
    """A rectangle of an image, px."""

    left: int
    top: int
    width: int
    height: int

    @classmethod
    def parsed(cls, text: str) -> "Crop":
        """Parse a crop given as ``LEFT,TOP,WIDTH,HEIGHT``.

        Raises
        ------
        InputError
            The text is not four whole numbers, or the crop has no area.
        """
        parts = text.split(",")
        if len(parts) != 4 or not all(part.strip().isdecimal() for part in parts) or 0 in map(int, parts[2:]):
            raise InputError(f"--crop {text} is no crop; give LEFT,TOP,WIDTH,HEIGHT in px, such as 200,120,160,100")
        return cls(*map(int, parts))


@dataclass(frozen=True)
class Picture:
    """One column's picture of a scene, uint8 (H, W, 3), and the line below it."""

    title: str
    pixels: np.ndarray
    text: str = ""


@dataclass(frozen=True)
class SceneRow:
    """One scene: its name, its pictures from left to right, and its crops."""

    name: str
    pictures: tuple[Picture, ...]
    crops: tuple[Crop, ...]


def find_crops(one: np.ndarray, other: np.ndarray, count: int = 2) -> tuple[Crop, ...]:
    """Find the parts of a scene where two pictures, uint8 (H, W, 3), differ most."""
    wide = max(8, round(SHARE * one.shape[1]))
    high = max(8, round(wide * 0.75))
    difference = np.abs(one.astype(np.float32) - other).mean(axis=2)
    crops: list[Crop] = []
    for _ in range(count):
        sums = cv2.integral(difference)
        windows = sums[high:, wide:] - sums[:-high, wide:] - sums[high:, :-wide] + sums[:-high, :-wide]
        top, left = (int(at) for at in np.unravel_index(int(windows.argmax()), windows.shape))
        crops.append(Crop(left, top, wide, high))
        difference[top : top + high, left : left + wide] = 0
    return tuple(crops)


def draw_comparison(scenes: Sequence[SceneRow], out: Path) -> None:
    """Draw the comparison of the scenes to a file.

    Raises
    ------
    InputError
        A crop reaches beyond its image, or the file cannot be written.
    """
    for scene in scenes:
        _check(scene)
    columns = len(scenes[0].pictures)
    wide = (WIDTH - _GAP * (columns - 1)) / columns
    heights = [_height(scene, wide) for scene in scenes]
    total = sum(heights) + _TEXT
    with figure(out, WIDTH, total) as made:

        def axes(left: float, top: float, width: float, height: float) -> Any:
            added = made.add_axes((left / WIDTH, 1 - (top + height) / total, width / WIDTH, height / total))
            added.set_xticks([])
            added.set_yticks([])
            return added

        top = _TEXT
        for number, (scene, height) in enumerate(zip(scenes, heights, strict=True)):
            for at, picture in enumerate(scene.pictures):
                left = at * (wide + _GAP)
                if number == 0:
                    made.text((left + wide / 2) / WIDTH, 1 - 0.13 / total, picture.title, ha="center")
                _draw(axes, left, top, wide, picture, scene.crops)
                below = top + height - _TEXT / 2
                made.text((left + wide / 2) / WIDTH, 1 - below / total, picture.text, ha="center", va="center")
            top += height


def _draw(
    axes: Callable[..., Any], left: float, top: float, wide: float, picture: Picture, crops: Sequence[Crop]
) -> None:
    from matplotlib.patches import Rectangle

    high = wide * picture.pixels.shape[0] / picture.pixels.shape[1]
    whole = axes(left, top, wide, high)
    whole.imshow(picture.pixels, aspect="auto", interpolation="lanczos")
    for spine in whole.spines.values():
        spine.set_visible(False)
    for crop, colour in zip(crops, BOXES, strict=False):
        place = (crop.left - 0.5, crop.top - 0.5)
        whole.add_patch(Rectangle(place, crop.width, crop.height, fill=False, edgecolor=colour, linewidth=1.0))
    across = _across(wide, len(crops))
    for at, (crop, colour) in enumerate(zip(crops, BOXES, strict=False)):
        part = picture.pixels[crop.top : crop.top + crop.height, crop.left : crop.left + crop.width]
        below = axes(left + at * (across + _GAP), top + high + _GAP, across, across * crop.height / crop.width)
        below.imshow(part, aspect="auto", interpolation="nearest")
        for spine in below.spines.values():
            spine.set_edgecolor(colour)
            spine.set_linewidth(1.2)


def _across(wide: float, crops: int) -> float:
    return (wide - _GAP * (crops - 1)) / max(crops, 1)


def _height(scene: SceneRow, wide: float) -> float:
    high, width = scene.pictures[0].pixels.shape[:2]
    across = _across(wide, len(scene.crops))
    below = max((across * crop.height / crop.width + _GAP for crop in scene.crops), default=0.0)
    return wide * high / width + below + _TEXT


def _check(scene: SceneRow) -> None:
    high, wide = scene.pictures[0].pixels.shape[:2]
    if len(scene.crops) > len(BOXES):
        raise InputError(f"{len(scene.crops)} crops are too many; a scene has {len(BOXES)} at most")
    for crop in scene.crops:
        if crop.left + crop.width > wide or crop.top + crop.height > high:
            raise InputError(
                f"the crop {crop.left},{crop.top},{crop.width},{crop.height} leaves {scene.name}, "
                f"which is {wide}x{high}"
            )
