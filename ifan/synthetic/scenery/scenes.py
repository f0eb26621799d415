"""Compose whole scenes: a table top, a room's corner, a garden, a street at dusk and a wall seen from the side."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from ifan.synthetic.scenery import materials, things
from ifan.synthetic.scenery.arrangement import (
    LINES,
    Stage,
    backdrop,
    boards,
    cables,
    clutter,
    fences,
    foliage,
    grass,
    ground,
    lamps,
)
from ifan.synthetic.scenery.language import Item, Scene, vector
from ifan.synthetic.scenery.light import lights, sky
from ifan.synthetic.scenery.materials import Picture


def _table(stage: Stage) -> Iterator[Item]:
    floor = -stage.metres(LINES * 0.45, 0.9)
    yield ground(stage, floor, stage.metres(stage.rng.uniform(4, 20), 1.0))
    yield from clutter(stage, int(stage.rng.integers(14, 30)), floor, 0.5, 2.5)
    yield from boards(stage, int(stage.rng.integers(1, 4)), 0.8, 2.5)
    yield from foliage(stage, int(stage.rng.integers(0, 4)), 0.6, 2.5, floor)
    yield backdrop(stage, stage.rng.uniform(2.8, 4))
    yield from lamps(stage, int(stage.rng.integers(0, 12)), 0.6, 2.7)


def _room(stage: Stage) -> Iterator[Item]:
    rng, floor = stage.rng, -stage.metres(LINES * 0.4, 2.0)
    wall = rng.uniform(5, 8)
    yield ground(stage, floor, stage.metres(rng.uniform(5, 30), 3))
    yield Item(
        "plane { z, 0 }",
        materials.procedural(rng, stage.metres(rng.uniform(3, 25), wall), shiny=0.1),
        f"rotate y*{rng.uniform(-30, 30):.1f} translate z*{wall:.3f}",
    )
    yield from boards(stage, int(rng.integers(3, 7)), 1.5, 0.8 * wall)
    yield from clutter(stage, int(rng.integers(12, 28)), floor, 1.0, 0.8 * wall)
    yield from fences(stage, int(rng.integers(0, 3)), floor, 1.5, 0.7 * wall)
    yield from cables(stage, int(rng.integers(0, 4)), 1.5, 0.7 * wall, 10)
    yield from lamps(stage, int(rng.integers(0, 10)), 1.0, 0.8 * wall)


def _garden(stage: Stage) -> Iterator[Item]:
    rng, floor = stage.rng, -stage.metres(LINES * 0.4, 3.0)
    yield ground(stage, floor, stage.metres(rng.uniform(3, 10), 5))
    yield backdrop(stage, rng.uniform(20, 60))
    yield from grass(stage, int(rng.integers(10, 35)), floor, 1.5, 12)
    yield from foliage(stage, int(rng.integers(6, 14)), 1.5, 20, floor if rng.uniform() < 0.7 else None)
    yield from fences(stage, int(rng.integers(0, 3)), floor, 2.5, 12)
    extent = (-stage.metres(LINES, 4), stage.metres(LINES, 4), 2.0, 6.0)
    yield from things.stones(rng, int(rng.integers(0, 60)), stage.metres(12, 3), extent)
    yield from clutter(stage, int(rng.integers(1, 8)), floor, 2, 12)


def _street(stage: Stage) -> Iterator[Item]:
    rng, floor = stage.rng, -stage.metres(LINES * 0.35, 5.0)
    yield ground(stage, floor, stage.metres(rng.uniform(4, 12), 8))
    yield backdrop(stage, rng.uniform(50, 120))
    for side in (-1, 1):
        picture = stage.picture()
        beside, length = stage.metres(LINES * rng.uniform(0.45, 0.75), 5), rng.uniform(10, 30)
        # The picture is repeated, so that its pixels are small even at its near end.
        tile = stage.metres(picture.width / rng.uniform(1.0, 1.8), 5)
        box = f"box {{ 0, {vector(length / tile, rng.uniform(3, 9) / tile, 0.05)} }}"
        turn = f"scale <{side},1,1> rotate y*{side * -rng.uniform(70, 85):.1f}"
        place = f"scale {tile:.5f} {turn} translate {vector(side * beside, floor, 4)}"
        yield Item(box, materials.photograph(picture, rng), place)
    yield from clutter(stage, int(rng.integers(6, 16)), floor, 2.5, 25)
    yield from fences(stage, int(rng.integers(0, 3)), floor, 3, 15)
    yield from cables(stage, int(rng.integers(1, 5)), 4, 25, 14)
    yield from lamps(stage, int(rng.integers(5, 40)), 4, 45)
    yield from foliage(stage, int(rng.integers(0, 5)), 3, 25, floor)


def _wall(stage: Stage) -> Iterator[Item]:
    """Compose a large slanted picture and one or two reliefs, with a few things before them."""
    rng = stage.rng
    distance = rng.uniform(1.2, 3)
    picture = stage.picture(1.9 * LINES)
    width = stage.metres(1.6 * LINES, distance) * rng.uniform(1, 1.6)
    tall = width * picture.height / picture.width
    slant = vector(rng.uniform(-15, 25), rng.choice([-1, 1]) * rng.uniform(15, 50), rng.uniform(-15, 15))
    yield things.board(
        picture,
        rng,
        width,
        0.01,
        f"translate {vector(-width / 2, -tall / 2, 0)} rotate {slant} translate z*{1.6 * distance:.3f}",
    )
    for _ in range(int(rng.integers(1, 3))):
        sheet = stage.declare(things.relief(rng, 50, rng.uniform(0.03, 0.2)))
        across = rng.uniform(200, 500)
        size = stage.metres(across, distance)
        turn = vector(rng.uniform(-40, 60), rng.uniform(-50, 50), rng.uniform(-30, 30))
        texture = (
            materials.photograph(stage.picture(1.2 * across), rng)
            if rng.uniform() < 0.4
            else materials.procedural(rng, stage.metres(rng.uniform(2, 20), distance) / size)
        )
        at = vector(stage.across(distance, 0.7), rng.uniform(-0.3, 0.2) * size, distance)
        yield Item(sheet, texture, f"translate <-0.5,-0.5,0> scale {size:.4f} rotate {turn} translate {at}")
    yield from boards(stage, int(rng.integers(0, 3)), 0.7 * distance, 1.2 * distance)
    yield from foliage(stage, int(rng.integers(0, 4)), 0.6 * distance, 1.1 * distance, None)
    yield from clutter(
        stage, int(rng.integers(2, 8)), -stage.metres(LINES * 0.4, distance), 0.6 * distance, 1.3 * distance
    )
    yield from cables(stage, int(rng.integers(0, 4)), 0.6 * distance, distance, 6)
    yield Item(
        "plane { z, 0 }",
        materials.procedural(rng, stage.metres(rng.uniform(3, 12), 4 * distance), shiny=0.1),
        f"translate z*{4 * distance:.3f}",
    )


RECIPES: dict[str, tuple[Callable[[Stage], Iterator[Item]], float]] = {
    "table": (_table, 14),
    "room": (_room, 6),
    "garden": (_garden, 4),
    "street": (_street, 2),
    "wall": (_wall, 0),
}
"""Each kind of scene's function, and the angle by which the camera looks down, degrees, approximately."""


def compose(seed: int, pictures: Sequence[Picture]) -> Scene:
    """Compose the scene of a seed.

    Parameters
    ----------
    seed
        The same seed and pictures give the same scene; its kind is the seed modulo the number of kinds.
    pictures
        Pictures for its surfaces.

    Raises
    ------
    ValueError
        There are no pictures.
    """
    if not pictures:
        raise ValueError("a scene needs at least one picture")
    rng = np.random.default_rng(seed)
    kind = list(RECIPES)[seed % len(RECIPES)]
    recipe, pitch = RECIPES[kind]
    stage = Stage(rng, pictures, float(rng.uniform(26, 48)))
    items = tuple(recipe(stage))
    return Scene(
        kind, items, tuple(stage.declarations), lights(rng, kind), sky(rng, kind), stage.field_of_view,
        pitch + float(rng.uniform(-3, 3)), tuple(sorted(set(stage.shown))),
    )  # fmt: skip
