"""Draws the pictures of real defocus: python docs/make_photographs.py friends_by_Aitzol_Berasategi.jpg

The photograph is in Debian's package ``lomiri-wallpapers-16.04`` (Aitzol Berasategi, CC-BY 4.0; used for validation,
never for training); the cat is scikit-image's (Stefan van der Walt, CC0).
"""

import sys
from pathlib import Path

import cv2
import numpy as np
import skimage.data
from make_images import IMAGES, SIDE, joined

from ifan.cards import CARDS
from ifan.photographs.deblurring import deblur_pixels
from realdof.images.files import read_pixels, write_pixels
from realdof.images.resize import area_resize


def rows(photograph: np.ndarray, corners: list[tuple[int, int]]) -> list[np.ndarray]:
    """Crops of a photograph and of the result, side by side, at twice their size."""
    result = deblur_pixels(CARDS["ifan"].load("synthetic"), photograph).pixels
    made = []
    for top, left in corners:
        crops = [image[top : top + SIDE, left : left + SIDE] for image in (photograph, result)]
        made.append(joined([cv2.resize(crop, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC) for crop in crops], 1))
    return made


if __name__ == "__main__":
    friends = read_pixels(Path(sys.argv[1]))
    quarter = area_resize(friends, friends.shape[0] // 4, friends.shape[1] // 4)
    cat = np.ascontiguousarray(skimage.data.chelsea())
    parts = [*rows(quarter, [(552, 290), (200, 100)]), *rows(cat, [(0, 231)])]
    write_pixels(IMAGES / "real_defocus.jpg", joined(parts, axis=0))
