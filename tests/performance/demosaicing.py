"""How near to the truth half-size developing comes, beside AHD: python tests/performance/demosaicing.py PHOTOGRAPH

The photograph is taken for linear light, mosaiced behind the aperture of F16 or as it is, with and without the sensor's
noise, and developed both ways; PSNR at a quarter of the size against the mean of the true sRGB values, and CPU time.
"""

import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from realdof.images.colour import linear_to_srgb, srgb_to_linear
from realdof.images.files import read_pixels
from realdof.images.resize import area_resize
from realdof.raw.develop import Multipliers, develop_cropped, develop_half
from realdof.raw.exif import Exif
from realdof.raw.write import write_arw
from realdof.simulation.parameters import DAYLIGHT
from realdof.simulation.rig import PIXEL_PITCH_UM
from realdof.simulation.sensor import read_out, signal
from realdof.simulation.shots import AIRY_DIAMETER_UM
from realdof.simulation.views import airy_kernel

EXPOSURE = 0.62
BORDER = 20
SHARED: Multipliers = (DAYLIGHT[0], DAYLIGHT[1], DAYLIGHT[2], DAYLIGHT[1])


def main() -> None:
    """Print one line for each aperture and noise."""
    cv2.setNumThreads(1)
    pixels = read_pixels(Path(sys.argv[1]))[:1600, :2400]
    pixels = pixels[: pixels.shape[0] // 4 * 4, : pixels.shape[1] // 4 * 4]
    photograph = srgb_to_linear(pixels.astype(np.float32) / 255).astype(np.float32)
    behind = cv2.filter2D(photograph, -1, airy_kernel(AIRY_DIAMETER_UM / PIXEL_PITCH_UM).astype(np.float32))
    for name, light in (("behind F16", behind), ("sharp to the pixel", photograph)):
        for iso in (None, 100, 8000):
            compare(name, np.ascontiguousarray(light), iso)


def compare(name: str, light: np.ndarray, iso: float | None) -> None:
    """Mosaic, develop both ways, print."""
    height, width = light.shape[0] // 4, light.shape[1] // 4
    truth = area_resize(linear_to_srgb(light * EXPOSURE).astype(np.float32), height, width)
    mosaic = read_out(signal(light, EXPOSURE, np.array(DAYLIGHT)), iso, np.random.default_rng(3))
    told = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.ARW"
        write_arw(path, mosaic, Exif(), DAYLIGHT)
        for develop in (develop_cropped, develop_half):
            started = time.process_time()
            shot = develop(path, SHARED)
            seconds = time.process_time() - started
            error = (area_resize(shot.pixels, height, width) / 65535 - truth)[BORDER:-BORDER, BORDER:-BORDER]
            dark = (error.mean() / truth[BORDER:-BORDER, BORDER:-BORDER].mean()).item()
            told.append(f"{shot.by} {-10 * np.log10(np.mean(error**2)):.2f} dB, mean {dark:+.2%}, {seconds:.2f} s")
    print(f"{name}, {f'ISO {iso}' if iso else 'no noise'}: {'; '.join(told)}")


if __name__ == "__main__":
    main()
