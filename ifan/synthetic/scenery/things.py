"""Objects of scenes: foliage, fences, cables, lamps, boards, text, solids, stones and relief."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ifan.synthetic.scenery import materials
from ifan.synthetic.scenery.language import Item, mesh, vector
from ifan.synthetic.scenery.materials import Picture

_WORDS = (
    "focus", "lens", "aperture", "bench", "garden", "seven", "quiet", "river", "window", "paper", "north", "light",
    "depth", "market", "glass", "stone", "yellow",
)  # fmt: skip


def leaves(rng: np.random.Generator, count: int, length: float, *, upright: bool = False) -> str:
    """Return a mesh of bent leaves in a ball of radius 1, or of grass blades on a disc of radius 1.

    Parameters
    ----------
    length
        Length of a leaf, relative to the radius.
    upright
        Whether to make grass blades, which grow upwards.
    """
    if upright:
        radius, angle = np.sqrt(rng.uniform(0, 1, count)), rng.uniform(0, 2 * np.pi, count)
        origin = np.stack([radius * np.cos(angle), np.zeros(count), radius * np.sin(angle)], axis=1)
        along = _unit(rng.normal((0, 1, 0), 0.35, (count, 3)))
    else:
        origin = _unit(rng.normal(size=(count, 3))) * rng.uniform(0.05, 1, (count, 1)) ** (1 / 3)
        along = _unit(rng.normal((0, 0.4, 0), 1, (count, 3)) + 0.5 * origin)
    side = _unit(np.cross(along, rng.normal(size=(count, 3))))
    bend = np.cross(along, side)
    long = length * rng.uniform(0.5, 1.3, (count, 1))
    wide = long * (rng.uniform(0.04, 0.1, (count, 1)) if upright else rng.uniform(0.15, 0.35, (count, 1)))
    middle = origin + 0.45 * long * along + 0.08 * long * bend
    tip = origin + long * along - rng.uniform(0, 0.4, (count, 1)) * long * bend
    vertices = np.stack([origin, middle + wide * side, middle, middle - wide * side, tip], axis=1).reshape(-1, 3)
    start = 5 * np.arange(count)[:, None, None]
    faces = (start + np.array([[0, 1, 2], [0, 2, 3], [1, 4, 2], [2, 4, 3]])).reshape(-1, 3)
    return mesh(vertices, faces)


def relief(rng: np.random.Generator, cells: int, height: float) -> str:
    """Return a rough sheet on the unit square of x and y, with ridges of ``height`` towards the camera."""
    rows, columns = np.mgrid[0 : cells + 1, 0 : cells + 1] / cells
    z = np.zeros_like(rows)
    for octave in range(1, 6):
        angle, phase = rng.uniform(0, 2 * np.pi, 4), rng.uniform(0, 2 * np.pi, 4)
        for a, p in zip(angle, phase, strict=True):
            z -= np.sin(2 * np.pi * 1.6**octave * (np.cos(a) * columns + np.sin(a) * rows) + p) / 1.7**octave
    z *= height / np.ptp(z)
    down, across = np.gradient(z, 1 / cells)
    normals = _unit(np.stack([across, down, -np.ones_like(z)], axis=-1).reshape(-1, 3))
    index = np.arange((cells + 1) ** 2).reshape(cells + 1, cells + 1)
    a, b, c, d = (index[i : i + cells, j : j + cells].ravel() for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)))
    faces = np.concatenate([np.stack([a, b, c], 1), np.stack([b, d, c], 1)])
    return mesh(np.stack([columns, rows, z], axis=-1).reshape(-1, 3), faces, normals)


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def fence(rng: np.random.Generator, width: float, height: float, pitch: float, place: str) -> Iterator[Item]:
    """Yield pickets, a grid or a wire mesh in the plane z = 0, ``width`` x ``height``, with bars ``pitch`` apart, m."""
    kind = rng.choice(["pickets", "grid", "wire"])
    thick = pitch * rng.uniform(0.06, 0.2)
    bars = []
    if kind == "wire":
        span = width + height
        for offset in np.arange(-span, span, pitch):
            for lean in (1, -1):
                top = vector(offset + lean * height, height, lean * thick / 2)
                bars += [f"cylinder {{ {vector(offset, 0, 0)}, {top}, {thick / 2:.5f} }}"]
        box = f"box {{ {vector(0, 0, -1)}, {vector(width, height, 1)} }}"
        shape = f"intersection {{ union {{ {' '.join(bars)} }} {box}"
    else:
        broad = pitch * rng.uniform(0.3, 0.6) if kind == "pickets" else thick
        bars += [
            f"box {{ {vector(x, 0, 0)}, {vector(x + broad, height * rng.uniform(0.93, 1), thick)} }}"
            for x in np.arange(0, width, pitch)
        ]
        rails = np.arange(pitch / 2, height, pitch) if kind == "grid" else (0.2 * height, 0.75 * height)
        bars += [f"box {{ {vector(0, y, thick)}, {vector(width, y + thick, 2 * thick)} }}" for y in rails]
        shape = f"union {{ {' '.join(bars)}"
    yield Item(f"{shape} }}", materials.procedural(rng, pitch * rng.uniform(0.05, 0.5)), place)


def cable(
    rng: np.random.Generator, start: NDArray[np.float64], end: NDArray[np.float64], radius: float, lamps: int
) -> Iterator[Item]:
    """Yield a sagging cable between two points, m, with ``lamps`` small lamps."""
    t = np.linspace(0, 1, 17)[:, None]
    sag = np.linalg.norm(end - start) * rng.uniform(0.02, 0.2)
    points = start + t * (end - start) - (0, 1, 0) * (4 * sag * t * (1 - t))
    pieces = [f"cylinder {{ {vector(*a)}, {vector(*b)}, {radius:.5f} }}" for a, b in pairwise(points)]
    yield Item(f"union {{ {' '.join(pieces)} }}", materials.procedural(rng, 4 * radius, shiny=0.2))
    if lamps:
        tint = materials.random_colour(rng, brightest=1.0)
        for place in rng.uniform(0, 1, lamps):
            at = start + place * (end - start) - np.array([0, 4 * sag * place * (1 - place) + 3 * radius, 0])
            yield lamp(rng, at, radius * rng.uniform(1.5, 4), tint if rng.uniform() < 0.7 else None)


def lamp(
    rng: np.random.Generator, at: NDArray[np.float64], radius: float, tint: tuple[float, ...] | None = None
) -> Item:
    """Return a small bright ball."""
    rgb = tuple(0.35 + 0.65 * value for value in (tint or materials.random_colour(rng, brightest=1.0)))
    return Item(
        f"sphere {{ {vector(*at)}, {radius:.5f} }}",
        materials.glow(rgb, 10 ** rng.uniform(0.2, 1.6)),
        casts_shadow=False,
    )


def board(picture: Picture, rng: np.random.Generator, width: float, thickness: float, place: str) -> Item:
    """Return a board that shows the picture, with its lower left corner at the origin, m."""
    height = width * picture.height / picture.width
    # The texture spans the unit square, so it is scaled together with the box.
    return Item(
        "box { <0,0,0>, <1,1,1> }",
        materials.photograph(picture, rng),
        f"scale {vector(width, height, thickness)} {place}",
    )


def wrapped(picture: Picture, rng: np.random.Generator, radius: float, height: float, place: str) -> Item:
    """Return a can or a ball with the picture wrapped around it."""
    if rng.uniform() < 0.5:
        return Item("sphere { 0, 1 }", materials.photograph(picture, rng, wrap=1), f"scale {radius:.5f} {place}")
    return Item(
        "cylinder { <0,0,0>, <0,1,0>, 1 }",
        materials.photograph(picture, rng, wrap=2),
        f"scale {vector(radius, height, radius)} {place}",
    )


def lettering(rng: np.random.Generator, size: float, place: str) -> Item:
    """Return raised words."""
    words = " ".join(rng.choice(_WORDS, rng.integers(1, 4)))
    words = words.upper() if rng.uniform() < 0.4 else words.title()
    shape = f'text {{ internal {rng.integers(0, 2) + 1} "{words}" {rng.uniform(0.05, 0.3):.2f}, 0 }}'
    return Item(shape, materials.procedural(rng, 0.2), f"scale {size:.5f} {place}")


def solid(rng: np.random.Generator, size: float, grain: float, place: str, picture: Picture | None = None) -> Item:
    """Return a box, ball, can, cone, ring or rounded block, about ``size`` across, m."""
    shape = str(
        rng.choice(
            [
                "box { -0.5, 0.5 }",
                "sphere { 0, 0.5 }",
                "cylinder { <0,-0.5,0>, <0,0.5,0>, 0.35 }",
                "cone { <0,-0.5,0>, 0.45, <0,0.5,0>, 0.1 }",
                "torus { 0.38, 0.12 }",
                "superellipsoid { <0.25,0.25> scale 0.5 }",
                "difference { cylinder { <0,-0.5,0>, <0,0.5,0>, 0.4 } cylinder { <0,-0.4,0>, <0,0.6,0>, 0.34 } }",
            ]
        )
    )
    texture = materials.photograph(picture, rng) if picture else materials.procedural(rng, grain / size)
    stretch = size * np.exp(rng.normal(0, 0.25, 3))
    return Item(shape, texture, f"scale {vector(*stretch)} {place}")


def stones(
    rng: np.random.Generator, count: int, size: float, extent: tuple[float, float, float, float]
) -> Iterator[Item]:
    """Yield pebbles on the ground within (left, right, near, far), m, of a few kinds of stone."""
    kinds = [materials.procedural(rng, rng.uniform(0.1, 0.6), shiny=0.3) for _ in range(5)]
    left, right, near, far = extent
    for _ in range(count):
        stretch = size * np.exp(rng.normal(0, 0.35, 3)) * (1, 0.6, 1)
        at = (rng.uniform(left, right), 0.3 * stretch[1], rng.uniform(near, far))
        turn = f"rotate y*{rng.uniform(0, 360):.0f}"
        yield Item(
            "sphere { 0, 1 }", str(rng.choice(kinds)), f"scale {vector(*stretch)} {turn} translate {vector(*at)}"
        )
