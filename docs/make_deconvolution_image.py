"""Draws a real photograph, its defocus map and what it is deconvolved to: python docs/make_deconvolution_image.py FILE

FILE is friends_by_Aitzol_Berasategi.jpg of Debian's package ``lomiri-wallpapers-16.04`` (CC-BY 4.0; held out of
training). The map is that of the narrow DMENet that comes with the package.
"""

import sys
from pathlib import Path

import cv2
import numpy as np
import torch
from make_images import IMAGES, joined

from baselines.dmenet.method import DMENetMethod, dmenet
from benchmark.method import Context, Sample
from realdof.images.depth import image_from_pixels, pixels_from_image
from realdof.images.files import read_pixels, write_pixels
from realdof.images.resize import area_resize

ROWS, COLUMNS = slice(380, 772), slice(100, 514)
"""What is shown of the photograph at a quarter of its size, px."""
DATA_WEIGHT = 420.0
"""The paper's lambda for photographs of CUHK's kind."""


def panels(photograph: np.ndarray) -> list[np.ndarray]:
    """The photograph, the blur from dark (none) to bright (its largest), the result; uint8 (H, W, 3) each."""
    method = dmenet.load("synthetic")
    assert isinstance(method, DMENetMethod)
    method.data_weight = DATA_WEIGHT
    image = image_from_pixels(photograph)
    with torch.inference_mode():
        sigma = method.sigma_map(image)
        result = method.deblur(Sample("photograph", image), Context()).image.clamp(0, 1)
    print(f"sigma {float(sigma.min()):.2f} to {float(sigma.max()):.2f} px")
    shades = (sigma / sigma.max() * 255).round().to(torch.uint8).numpy()
    coloured = cv2.applyColorMap(shades, cv2.COLORMAP_VIRIDIS)[..., ::-1]
    return [photograph, np.ascontiguousarray(coloured), pixels_from_image(result, 8)]


if __name__ == "__main__":
    whole = read_pixels(Path(sys.argv[1]))
    quarter = area_resize(whole, whole.shape[0] // 4, whole.shape[1] // 4)
    shown = [panel[ROWS, COLUMNS] for panel in panels(quarter)]
    write_pixels(IMAGES / "deconvolution.jpg", joined(shown, axis=1))
