"""Arrange objects in the camera's view, with detail sized for the image's pixels."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ifan.synthetic.scenery import materials, things
from ifan.synthetic.scenery.language import Item, vector
from ifan.synthetic.scenery.materials import Picture

LINES = 512
"""Image height for which fine detail is sized, px; higher images show the same detail larger."""


class Stage:
    """State and helpers with which a recipe composes a scene.

    Parameters
    ----------
    rng
        Random number generator.
    pictures
        Pictures for the surfaces.
    field_of_view
        Vertical field of view, degrees.
    """

    def __init__(self, rng: np.random.Generator, pictures: Sequence[Picture], field_of_view: float) -> None:
        self.rng = rng
        self.field_of_view = field_of_view
        self.shown: list[str] = []
        self.declarations: list[str] = []
        self._pictures = pictures
        self._pixels = 0.5 * LINES / np.tan(np.radians(field_of_view) / 2)

    def metres(self, pixels: float, distance: float) -> float:
        """Return the length that covers a number of pixels at a distance, m."""
        return pixels * distance / self._pixels

    def picture(self, width: float = 0) -> Picture:
        """Choose a picture, at least ``width`` px wide if there is one, and note it in the scene's record."""
        fit = [picture for picture in self._pictures if picture.width >= width] or self._pictures
        chosen = fit[int(self.rng.integers(len(fit)))]
        self.shown.append(chosen.path.name)
        return chosen

    def sharp_width(self, picture: Picture, distance: float) -> float:
        """Return a width at which a picture's pixels are at most as large as the image's at a distance, m."""
        return self.metres(picture.width / self.rng.uniform(1.0, 1.8), distance)

    def declare(self, mesh: str) -> str:
        """Declare a mesh that several items share, and return its name."""
        name = f"MESH{len(self.declarations)}"
        self.declarations.append(f"#declare {name} = {mesh}")
        return name

    def across(self, distance: float, spread: float = 1.0) -> float:
        """Draw a horizontal position that is visible at a distance, m."""
        return float(self.rng.uniform(-0.75, 0.75) * spread * self.metres(LINES, distance))


def _turn(rng: np.random.Generator, most: float = 180) -> str:
    return f"rotate {vector(*rng.uniform(-most, most, 3))}"


def foliage(stage: Stage, count: int, near: float, far: float, floor: float | None) -> Iterator[Item]:
    """Place balls of leaves between two distances, on stems if there is a floor."""
    rng = stage.rng
    kinds = [stage.declare(things.leaves(rng, int(rng.integers(150, 500)), rng.uniform(0.12, 0.35))) for _ in range(3)]
    hue = rng.uniform(0.15, 0.4) if rng.uniform() < 0.7 else rng.uniform()
    surfaces = [materials.procedural(rng, 0.3, hue=hue, shiny=0.5) for _ in range(4)]
    for _ in range(count):
        distance = np.exp(rng.uniform(np.log(near), np.log(far)))
        radius = stage.metres(rng.uniform(50, 160), distance)
        # The nearest leaf stays beyond the shortest distance of the depth pass.
        distance = max(distance, 0.3 + 1.4 * radius)
        height = (
            rng.uniform(-0.35, 0.45) * stage.metres(LINES, distance)
            if floor is None
            else floor + radius * rng.uniform(0.8, 2)
        )
        at = vector(stage.across(distance), height, distance)
        yield Item(str(rng.choice(kinds)), str(rng.choice(surfaces)), f"scale {radius:.4f} {_turn(rng)} translate {at}")
        if floor is not None:
            stem = f"cylinder {{ 0, {vector(0, floor - height, 0)}, {0.04 * radius:.5f} }}"
            yield Item(stem, materials.procedural(rng, 0.1 * radius, hue=0.08), f"translate {at}")


def grass(stage: Stage, count: int, floor: float, near: float, far: float) -> Iterator[Item]:
    """Place tufts of grass on the floor between two distances."""
    rng = stage.rng
    kinds = [
        stage.declare(things.leaves(rng, int(rng.integers(100, 400)), rng.uniform(0.3, 0.9), upright=True))
        for _ in range(2)
    ]
    surfaces = [materials.procedural(rng, 0.2, hue=rng.uniform(0.12, 0.38), shiny=0.3) for _ in range(3)]
    for _ in range(count):
        distance = np.exp(rng.uniform(np.log(near), np.log(far)))
        radius = stage.metres(rng.uniform(60, 180), distance)
        distance = max(distance, 0.3 + 2 * radius)
        at = vector(stage.across(distance), floor, distance)
        yield Item(
            str(rng.choice(kinds)),
            str(rng.choice(surfaces)),
            f"scale {radius:.4f} rotate y*{rng.uniform(0, 360):.0f} translate {at}",
        )


def backdrop(stage: Stage, distance: float) -> Item:
    """Return an upright photograph at a distance, almost twice as wide as the image is high."""
    # Enlarged pixels would be soft, but training data must be sharp.
    picture = stage.picture(1.9 * LINES)
    width = stage.metres(1.9 * LINES, distance)
    tall = width * picture.height / picture.width
    place = f"translate {vector(-width / 2, -0.45 * tall, distance)}"
    return things.board(picture, stage.rng, width, 0.01, place)


def boards(stage: Stage, count: int, near: float, far: float) -> Iterator[Item]:
    """Place boards with pictures at random angles."""
    for _ in range(count):
        rng, picture = stage.rng, stage.picture()
        distance = rng.uniform(near, far)
        width = stage.sharp_width(picture, distance) * rng.uniform(0.4, 0.9)
        distance = max(distance, 0.3 + 0.7 * width * max(1, picture.height / picture.width))
        turn = f"rotate {vector(rng.uniform(-50, 50), rng.uniform(-60, 60), rng.uniform(-25, 25))}"
        centre = f"translate {vector(-width / 2, -width * picture.height / picture.width / 2, 0)}"
        at = vector(stage.across(distance, 0.8), rng.uniform(-0.3, 0.4) * stage.metres(LINES, distance), distance)
        yield things.board(picture, rng, width, 0.004 * distance, f"{centre} {turn} translate {at}")


def clutter(stage: Stage, count: int, floor: float, near: float, far: float) -> Iterator[Item]:
    """Place solids, wrapped cans and raised words on the floor."""
    rng = stage.rng
    for _ in range(count):
        distance = np.exp(rng.uniform(np.log(near), np.log(far)))
        size = stage.metres(rng.uniform(30, 170), distance)
        distance = max(distance, 0.3 + size)
        x, chance = stage.across(distance), rng.uniform()
        if chance < 0.15:
            at = f"rotate y*{rng.uniform(-60, 60):.0f} translate {vector(x - size, floor, distance)}"
            yield things.lettering(rng, size * 0.6, at)
        elif chance < 0.4:
            at = f"translate {vector(x, floor + 0.5 * size, distance)}"
            yield things.wrapped(stage.picture(), rng, 0.5 * size, size, f"rotate y*{rng.uniform(0, 360):.0f} {at}")
        else:
            grain = stage.metres(rng.uniform(2, 25), distance)
            yield things.solid(
                rng, size, grain, f"{_turn(rng, 40)} translate {vector(x, floor + 0.5 * size, distance)}"
            )


def lamps(stage: Stage, count: int, near: float, far: float) -> Iterator[Item]:
    """Place small lamps, 1 to 8 px across, at random positions."""
    for _ in range(count):
        distance = stage.rng.uniform(near, far)
        at = np.array([stage.across(distance), stage.rng.uniform(-0.4, 0.5) * stage.metres(LINES, distance), distance])
        yield things.lamp(stage.rng, at, stage.metres(10 ** stage.rng.uniform(-0.3, 0.6), distance))


def cables(stage: Stage, count: int, near: float, far: float, most_lamps: int) -> Iterator[Item]:
    """Place sagging cables across the whole image, some with lamps."""
    for _ in range(count):
        left, right = (_cable_end(stage, side, stage.rng.uniform(near, far)) for side in (-1, 1))
        radius = stage.metres(stage.rng.uniform(0.7, 3), near)
        yield from things.cable(stage.rng, left, right, radius, int(stage.rng.integers(0, most_lamps + 1)))


def _cable_end(stage: Stage, side: int, distance: float) -> NDArray[np.float64]:
    height = stage.rng.uniform(0, 0.5) * stage.metres(LINES, distance)
    return np.array([side * stage.metres(LINES, distance), height, distance])


def fences(stage: Stage, count: int, floor: float, near: float, far: float) -> Iterator[Item]:
    """Place fences that stand on the floor and lead away from the camera."""
    for _ in range(count):
        rng, distance = stage.rng, stage.rng.uniform(near, far)
        pitch, width = stage.metres(rng.uniform(14, 60), distance), stage.metres(rng.uniform(400, 900), distance)
        height = stage.metres(rng.uniform(120, 400), distance)
        # Fences are turned only away from the camera, so that no part comes nearer.
        turn = (
            f"rotate y*{-rng.uniform(0, 55):.0f}"
            if rng.uniform() < 0.5
            else f"scale <-1,1,1> rotate y*{rng.uniform(0, 55):.0f}"
        )
        x = stage.metres(rng.uniform(150, 350), distance) * (1 if turn.startswith("scale") else -1)
        yield from things.fence(rng, width, height, pitch, f"{turn} translate {vector(x, floor, distance)}")


def ground(stage: Stage, floor: float, grain: float) -> Item:
    """Return a floor of bricks, tiles or a pattern."""
    texture = (
        materials.masonry(stage.rng, 6 * grain)
        if stage.rng.uniform() < 0.4
        else materials.procedural(stage.rng, grain, shiny=0.2)
    )
    return Item("plane { y, 0 }", texture, f"translate y*{floor:.4f}")
