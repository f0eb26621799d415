"""Objects and scenes as text in POV-Ray's scene description language."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

NEAR_M = 0.25
"""No surface is nearer to the camera than this; the depth pass encodes ``NEAR_M / depth``."""
_DISTANCE = (
    f"texture {{ pigment {{ function {{ min(0.9999, {NEAR_M} / max(z, {NEAR_M})) }} "
    "color_map { [0 rgb 0] [1 rgb 1] } } "
    "finish { ambient 0 diffuse 0 emission 1 } }"
)


def vector(*components: float) -> str:
    """Return a vector such as ``<1.00000,2.00000,3.00000>``."""
    return "<" + ",".join(f"{component:.5f}" for component in components) + ">"


def colour(rgb: Sequence[float] | NDArray[np.float64]) -> str:
    """Return a colour in linear light."""
    return "rgb " + vector(*rgb)


@dataclass(frozen=True)
class Item:
    """One object of a scene.

    Parameters
    ----------
    shape
        An object of the language without texture, such as ``sphere { 0, 1 }``.
    texture
        ``texture { ... }`` in the shape's own coordinates.
    placement
        Transformations of shape and texture into the scene: x to the right, y up, z away from the camera, m.
    casts_shadow
        Whether the object casts a shadow; lamps do not.
    """

    shape: str
    texture: str
    placement: str = ""
    casts_shadow: bool = True

    def text(self, view: str, *, distance: bool) -> str:
        """Return the object as text.

        Parameters
        ----------
        view
            Transformation from the scene's to the camera's coordinates.
        distance
            Whether to show the object's distance instead of its texture.
        """
        if distance:
            # The texture follows the transformations, so that it shows z in the camera's coordinates.
            return f"object {{ {self.shape} {self.placement} {view} {_DISTANCE} }}"
        shadow = "" if self.casts_shadow else "no_shadow"
        return f"object {{ {self.shape} {self.texture} {self.placement} {view} {shadow} }}"


@dataclass(frozen=True)
class Scene:
    """A scene to be rendered.

    Parameters
    ----------
    kind
        Name of the recipe that composed it.
    items
        Its objects.
    declarations
        Meshes that several items share.
    lights, sky
        Light sources and sky, which the distance pass omits.
    field_of_view
        Vertical field of view, degrees.
    pitch
        Angle by which the camera looks down, degrees.
    photographs
        Names of the files that the surfaces show.
    """

    kind: str
    items: tuple[Item, ...]
    declarations: tuple[str, ...]
    lights: tuple[str, ...]
    sky: str
    field_of_view: float
    pitch: float
    photographs: tuple[str, ...]

    def text(self, what: Literal["image", "distance"], aspect: float) -> str:
        """Return the whole file for POV-Ray 3.7.

        Parameters
        ----------
        what
            The rendering pass.
        aspect
            Width divided by height.
        """
        view = f"rotate x*{-self.pitch:.4f}"
        direction = 0.5 / np.tan(np.radians(self.field_of_view) / 2)
        lines = [
            "#version 3.7;",
            "global_settings { assumed_gamma 1.0 max_trace_level 4 }",
            f"camera {{ perspective location 0 direction z*{direction:.6f} up y right x*{aspect:.6f} }}",
            *self.declarations,
        ]
        if what == "image":
            lines += [self.sky, *(light.replace("VIEW", view) for light in self.lights)]
        lines += [item.text(view, distance=what == "distance") for item in self.items]
        return "\n".join(lines) + "\n"


def mesh(vertices: NDArray[np.float64], faces: NDArray[np.int64], normals: NDArray[np.float64] | None = None) -> str:
    """Return a triangle mesh.

    Parameters
    ----------
    vertices
        (N, 3), m.
    faces
        (M, 3), indices of vertices.
    normals
        Normals of the vertices, (N, 3); None for flat triangles.
    """
    parts = [f"vertex_vectors {{ {len(vertices)}, {_rows(vertices)} }}"]
    if normals is not None:
        parts.append(f"normal_vectors {{ {len(normals)}, {_rows(normals)} }}")
    triangles = ",".join(f"<{a},{b},{c}>" for a, b, c in faces.tolist())
    return f"mesh2 {{ {' '.join(parts)} face_indices {{ {len(faces)}, {triangles} }} }}"


def _rows(vectors: NDArray[np.float64]) -> str:
    return ",".join(f"<{x:.4f},{y:.4f},{z:.4f}>" for x, y, z in vectors.tolist())
