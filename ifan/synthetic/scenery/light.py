"""Light sources and sky of a scene."""

import numpy as np

from ifan.synthetic.scenery.language import colour, vector


def lights(rng: np.random.Generator, kind: str) -> tuple[str, ...]:
    """Return a sun or lamp that casts shadows, and two shadowless fill lights."""
    warm = np.array([1.0, rng.uniform(0.75, 1.0), rng.uniform(0.5, 1.0)])
    high, side = rng.uniform(20, 70), rng.uniform(-70, 70)
    main = 1000 * np.array(
        [
            np.sin(np.radians(side)) * np.cos(np.radians(high)),
            np.sin(np.radians(high)),
            -np.cos(np.radians(side)) * np.cos(np.radians(high)),
        ]
    )
    area = "area_light <120,0,0>, <0,120,0>, 2, 2 adaptive 0" if kind in ("table", "room") else ""
    fill = rng.uniform(0.15, 0.5)
    return (
        f"light_source {{ {vector(*main)}, {colour(warm * rng.uniform(0.8, 1.4))} {area} VIEW }}",
        f"light_source {{ <-400,900,-200>, {colour((0.8 * fill, 0.9 * fill, fill))} shadowless VIEW }}",
        f"light_source {{ <300,100,-900>, {colour((0.6 * fill, 0.6 * fill, 0.55 * fill))} shadowless VIEW }}",
    )


def sky(rng: np.random.Generator, kind: str) -> str:
    """Return a blue sky with clouds, dark for a street."""
    brightness = rng.uniform(0.05, 0.4) if kind == "street" else rng.uniform(0.5, 1.2)
    zenith = np.array([0.25, 0.45, 0.9]) * brightness
    cloud = np.array([1.0, 1.0, 1.0]) * brightness
    return (
        f"sky_sphere {{ pigment {{ bozo turbulence 0.7 color_map {{ [0.3 {colour(zenith)}] "
        f"[0.6 {colour(0.5 * (zenith + cloud))}] [0.9 {colour(cloud)}] }} scale <0.4,0.1,0.4> }} }}"
    )
