"""Developing a full-size raw file against LibRaw's AHD through rawpy, and against decoding the file alone."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import rawpy
import skimage.data

from realdof.geometry.grid import Grid
from realdof.images.colour import linear_to_srgb, srgb_to_linear
from realdof.images.resize import area_resize
from realdof.raw.crop import crop
from realdof.raw.develop import develop_cropped, develop_half
from realdof.raw.exif import Exif
from realdof.raw.write import write_arw
from realdof.simulation.parameters import DAYLIGHT
from realdof.simulation.rig import BODIES
from realdof.simulation.sensor import read_out, signal
from tests.performance.suite.measurement import Line, Measurement, in_turns

EXPOSURE, BORDER = 0.62, 20
BALANCE = (DAYLIGHT[0], DAYLIGHT[1], DAYLIGHT[2], DAYLIGHT[1])


def measure(quick: bool) -> Iterator[Line]:
    """A line for half-size developing, which building a data set uses, and one for ours by AHD."""
    cv2.setNumThreads(1)
    body = BODIES["small" if quick else "full"]
    with tempfile.TemporaryDirectory() as folder:
        path, truth = Path(folder) / "shot.ARW", light(body.raw)
        mosaic = read_out(signal(truth, EXPOSURE, np.array(DAYLIGHT)), None, np.random.default_rng(0))
        write_arw(path, mosaic, Exif(), DAYLIGHT)
        sharp = linear_to_srgb(truth * EXPOSURE).astype(np.float32)
        del truth, mosaic
        found: dict[str, np.ndarray] = {}

        def keep(name: str, form: Callable[[], np.ndarray]) -> None:
            found[name] = form()

        forms: dict[str, Callable[[], np.ndarray]] = {
            "peer": partial(by_rawpy, path),
            "floor": partial(decoded, path),
            "half": lambda: develop_half(path, BALANCE).pixels,
            "whole": lambda: develop_cropped(path, BALANCE).pixels,
        }
        spent = in_turns({name: partial(keep, name, form) for name, form in forms.items()}, 3)
    error = {name: accuracy(one, sharp) for name, one in found.items() if name != "floor"}
    size = f"{body.raw.width}x{body.raw.height}"
    for name, what in (("half", "developed to half the size"), ("whole", "developed whole by AHD, cropped")):
        yield Measurement(
            "developing", f"{size}, {what}", spent[name], spent["peer"], spent["floor"],
            f"peer: rawpy, AHD; floor: the file decoded by LibRaw; at a quarter of the size {error[name]:.2f} dB to "
            f"the truth, peer {error['peer']:.2f} dB",
        )  # fmt: skip


def light(grid: Grid) -> np.ndarray:
    """Photographs repeated to a size, as linear light, float32 (H, W, 3), averaged so that no pixel is a copy."""
    coffee = srgb_to_linear(skimage.data.coffee().astype(np.float32) / 255).astype(np.float32)
    enlarged = cv2.resize(coffee, (1200, 800), interpolation=cv2.INTER_CUBIC).clip(0, 1)
    repeats = (-(-grid.height // 800), -(-grid.width // 1200), 1)
    return np.ascontiguousarray(np.tile(enlarged, repeats)[: grid.height, : grid.width])


def by_rawpy(path: Path) -> np.ndarray:
    """What a user of rawpy writes; cropped as ours, so that results can be compared."""
    with rawpy.imread(str(path)) as raw:
        return crop(
            raw.postprocess(
                user_wb=list(BALANCE), output_bps=16, no_auto_bright=True, gamma=(2.4, 12.92),
                demosaic_algorithm=rawpy.DemosaicAlgorithm.AHD,
            )
        )  # fmt: skip


def decoded(path: Path) -> np.ndarray:
    """The mosaic alone."""
    with rawpy.imread(str(path)) as raw:
        return raw.raw_image.copy()


def accuracy(pixels: np.ndarray, sharp: np.ndarray) -> float:
    """PSNR, dB, of a developed image against the true sRGB values, both cropped and at a quarter of the size."""
    truth = crop(sharp)
    height, width = truth.shape[0] // 4, truth.shape[1] // 4
    inside = (slice(BORDER, -BORDER), slice(BORDER, -BORDER))
    error = area_resize(pixels, height, width) / 65535 - area_resize(truth, height, width)
    return float(-10 * np.log10(np.mean(np.square(error[inside]))))
