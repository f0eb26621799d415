"""Run POV-Ray: render a scene to an image with depth."""

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ifan.synthetic.scenery.language import NEAR_M, Scene
from ifan.synthetic.scenery.materials import Picture
from realdof.common.errors import InputError

SKY_M = 1000.0
"""Depth where there is no surface, m."""
_ANTI_ALIASING = ("+A0.1", "+AM1", "+R2", "-J")


@dataclass(frozen=True)
class Render:
    """An image and its depth.

    Parameters
    ----------
    image
        uint8 (H, W, 3), RGB, sRGB-encoded, clipped at white.
    depth
        float16 (H, W), m along the optical axis, at the pixels' centres; the sky is at ``SKY_M``.
    highlight_index
        int32 (K,), flat indices of the pixels brighter than white.
    highlight_rgb
        float16 (K, 3), their linear light; at least one channel is above 1.
    """

    image: NDArray[np.uint8]
    depth: NDArray[np.float16]
    highlight_index: NDArray[np.int32]
    highlight_rgb: NDArray[np.float16]

    def write(self, path: Path) -> None:
        """Write the four arrays into a compressed NPZ file."""
        np.savez_compressed(
            path,
            image=self.image,
            depth=self.depth,
            highlight_index=self.highlight_index,
            highlight_rgb=self.highlight_rgb,
        )


def render(scene: Scene, width: int, height: int, exposure: float = 0.9) -> Render:
    """Render a scene twice: anti-aliased light, and distance at the pixels' centres.

    Parameters
    ----------
    width, height
        px.
    exposure
        Target for the 98th percentile of each pixel's brightest channel, in linear light with white at 1.

    Raises
    ------
    InputError
        POV-Ray is not installed, or it cannot render the scene.
    """
    program = shutil.which("povray")
    if program is None:
        raise InputError("POV-Ray is not installed; on Debian: apt-get install povray")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # Radiance RGBE can hold light brighter than white, and OpenCV reads it; distances need 16 bits.
        light = _pass(program, scene, "image", folder, width, height, ("+FH", *_ANTI_ALIASING), ".hdr")
        nearness = _pass(program, scene, "distance", folder, width, height, ("+FN16", "File_Gamma=1.0", "-A"), ".png")
    linear = np.maximum(light[:, :, ::-1].astype(np.float32), 0)
    brightness = float(np.percentile(linear.max(axis=2), 98))
    linear *= exposure / max(brightness, 1e-4)
    ratio = nearness[:, :, 0].astype(np.float64) / 65535
    depth = np.where(ratio > NEAR_M / SKY_M, NEAR_M / np.maximum(ratio, 1e-6), SKY_M)
    beyond = np.flatnonzero((linear > 1).any(axis=2)).astype(np.int32)
    highlights = np.minimum(linear.reshape(-1, 3)[beyond], 6e4).astype(np.float16)
    return Render(_encode(linear), depth.astype(np.float16), beyond, highlights)


def _encode(linear: NDArray[np.float32]) -> NDArray[np.uint8]:
    clipped = np.clip(linear, 0, 1)
    encoded = np.where(clipped <= 0.0031308, 12.92 * clipped, 1.055 * clipped ** (1 / 2.4) - 0.055)
    return np.rint(255 * encoded).astype(np.uint8)


def _pass(
    program: str, scene: Scene, what: str, folder: Path, width: int, height: int, options: Sequence[str], suffix: str
) -> NDArray[np.generic]:
    source, output = folder / f"{what}.pov", folder / f"{what}{suffix}"
    source.write_text(scene.text("distance" if what == "distance" else "image", width / height))
    command = [program, f"+I{source}", f"+O{output}", f"+W{width}", f"+H{height}", "-D", "-V", "-GA", "+WT1", "+Q9"]
    done = subprocess.run(
        [*command, *options], cwd=folder, capture_output=True, text=True, errors="replace", check=False
    )
    pixels = cv2.imread(str(output), cv2.IMREAD_UNCHANGED) if done.returncode == 0 and output.is_file() else None
    if pixels is None:
        lines = [line for line in done.stderr.splitlines() if "error" in line.lower() or "Error" in line]
        raise InputError(
            f"POV-Ray cannot render the {what} of a {scene.kind} scene: {' '.join(lines[:3]) or done.stderr[-300:]}"
        )
    return np.asarray(pixels)


def read_pictures(folder: Path, smallest: int = 200) -> list[Picture]:
    """Find the 8-bit PNG files of a folder and its subfolders, sorted by name.

    Parameters
    ----------
    smallest
        Shorter side below which a file is left out, px.

    Raises
    ------
    InputError
        There are no such files.
    """
    pictures = []
    for path in sorted(folder.rglob("*.png")):
        pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if pixels is not None and pixels.dtype == np.uint8 and min(pixels.shape[:2]) >= smallest:
            pictures.append(Picture(path.resolve(), pixels.shape[1], pixels.shape[0]))
    if not pictures:
        raise InputError(
            f"{folder} holds no 8-bit PNG files of {smallest} px or more; give photographs for the surfaces"
        )
    return pictures
