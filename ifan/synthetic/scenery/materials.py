"""Textures of surfaces: procedural patterns, masonry, photographs and lamps."""

import colorsys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ifan.synthetic.scenery.language import colour

_PATTERNS = (
    "granite",
    "bozo",
    "wrinkles",
    "agate",
    "crackle",
    "leopard",
    "marble turbulence 0.8",
    "wood turbulence 0.2",
)
_RELIEFS = ("granite 0.3", "bumps 0.5", "wrinkles 0.6", "crackle 0.6", "dents 0.5")


@dataclass(frozen=True)
class Picture:
    """An 8-bit PNG that surfaces can show.

    Parameters
    ----------
    path
        The file.
    width, height
        px.
    """

    path: Path
    width: int
    height: int


def random_colour(rng: np.random.Generator, *, hue: float | None = None, brightest: float = 0.9) -> tuple[float, ...]:
    """Draw a colour in linear light, mostly of low saturation, near ``hue`` in [0, 1] if given."""
    at = rng.uniform() if hue is None else (hue + rng.normal(0, 0.04)) % 1
    saturation = rng.beta(1.5, 2.5) if hue is None else rng.beta(2, 3)
    return tuple(value**2.2 for value in colorsys.hsv_to_rgb(at, saturation, rng.uniform(0.15, brightest)))


def finish(rng: np.random.Generator, *, shiny: float = 0.4) -> str:
    """Draw a finish: matt or, with probability ``shiny``, with small highlights that may be brighter than white."""
    matt = f"ambient 0.06 diffuse {rng.uniform(0.6, 0.85):.2f}"
    if rng.uniform() >= shiny:
        return f"finish {{ {matt} }}"
    strength, roughness = rng.uniform(0.3, 6), 10 ** rng.uniform(-3.3, -1.5)
    reflection = f"reflection {{ {rng.uniform(0.02, 0.3):.2f} }}" if rng.uniform() < 0.3 else ""
    return f"finish {{ {matt} specular {strength:.2f} roughness {roughness:.5f} {reflection} }}"


def procedural(rng: np.random.Generator, grain: float, *, hue: float | None = None, shiny: float = 0.4) -> str:
    """Draw a pattern with relief.

    Parameters
    ----------
    grain
        Size of its features in the shape's coordinates.
    hue
        Hue of its colours, in [0, 1]; None for any.
    shiny
        Probability of highlights.
    """
    stops = np.sort(rng.uniform(0, 1, rng.integers(2, 6)))
    hue = rng.uniform() if hue is None and rng.uniform() < 0.6 else hue
    entries = " ".join(f"[{stop:.3f} {colour(random_colour(rng, hue=hue))}]" for stop in stops)
    stretch = np.exp(rng.normal(0, 0.4, 3)) * grain
    scale = f"scale <{stretch[0]:.5f},{stretch[1]:.5f},{stretch[2]:.5f}>"
    turn = f"rotate <{rng.uniform(0, 360):.1f},{rng.uniform(0, 360):.1f},0>"
    # Granite's features are some five times finer than those of the other patterns.
    pattern = str(rng.choice(_PATTERNS))
    pigment = (
        f"pigment {{ {pattern} color_map {{ {entries} }} {scale} scale {5 if pattern == 'granite' else 1} {turn} }}"
    )
    normal = f"normal {{ {rng.choice(_RELIEFS)} {scale} {turn} }}" if rng.uniform() < 0.6 else ""
    return f"texture {{ {pigment} {normal} {finish(rng, shiny=shiny)} }}"


def masonry(rng: np.random.Generator, size: float) -> str:
    """Draw a texture of bricks, tiles or hexagons.

    Parameters
    ----------
    size
        Length of a brick, in the shape's coordinates.
    """
    first, second, third = (colour(random_colour(rng, brightest=0.8)) for _ in range(3))
    rough = f"granite color_map {{ [0 {second}] [1 {third}] }}"
    pattern = rng.choice(
        [
            f"brick pigment {{ {first} }}, pigment {{ {rough} scale 3 }} mortar 0.4",
            f"checker pigment {{ {first} }}, pigment {{ {rough} scale 0.7 }} scale 4",
            f"hexagon pigment {{ {first} }}, pigment {{ {second} }}, pigment {{ {third} }} scale 4",
        ]
    )
    pigment = f"pigment {{ {pattern} scale {size / 8:.5f} }}"
    return f"texture {{ {pigment} normal {{ granite 0.15 scale {size / 4:.5f} }} {finish(rng, shiny=0.2)} }}"


def photograph(picture: Picture, rng: np.random.Generator, *, wrap: int = 0, shiny: float = 0.2) -> str:
    """Show a picture on the unit square of x and y; ``wrap`` 1: on a unit sphere; 2: on a unit cylinder along y."""
    kind = f"map_type {wrap} interpolate 2"
    return (
        f'texture {{ pigment {{ image_map {{ png "{picture.path}" gamma srgb {kind} }} }} {finish(rng, shiny=shiny)} }}'
    )


def glow(rgb: tuple[float, ...], strength: float) -> str:
    """Return the texture of a lamp, ``strength`` times as bright as white paper in full light."""
    return f"texture {{ pigment {{ {colour(rgb)} }} finish {{ ambient 0 diffuse 0 emission {strength:.2f} }} }}"
