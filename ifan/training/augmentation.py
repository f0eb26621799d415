"""The augmentations of IFAN's training, applied alike to four images (Section 4; values of the released code)."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from realdof.images.colour import linear_to_srgb

GREY_WEIGHTS = np.array([0.2126, 0.7152, 0.07228], dtype=np.float32)
"""Weights of the released code; the last one has a typing error there (0.0722 in BT.709)."""
INPUTS = ("image", "left", "right")
"""Images to which noise is added; never the all-in-focus image."""


@dataclass(frozen=True)
class Augmentation:
    """Settings of the augmentation that turns four aligned images into one training patch.

    Parameters
    ----------
    crop
        Side of the square patch, px.
    noise
        Largest standard deviation of the Gaussian noise, of 1.0 full scale; the smallest is 0.001.
    noise_probability, grey_probability, scale_probability
        Probability of each augmentation.
    smallest_scale
        The scale is uniform between this and 1.
    skip_sharp
        Probability that a patch with almost no defocus is drawn again; not in the paper.
    """

    crop: int = 256
    noise: float = 0.0707
    noise_probability: float = 0.05
    grey_probability: float = 0.3
    scale_probability: float = 0.5
    smallest_scale: float = 0.7
    skip_sharp: float = 0.0

    @property
    def reach(self) -> int:
        """Largest side of the region from which a patch is made, px."""
        return round(self.crop / self.smallest_scale)

    def __call__(
        self, images: dict[str, NDArray[np.float32]], random: np.random.Generator
    ) -> dict[str, NDArray[np.float32]]:
        """Crop, scale, convert to grey and add noise, with the same random values for all images.

        Parameters
        ----------
        images
            float32 (H, W, 3) in [0, 1] each, all of one size, at least ``crop / smallest_scale`` on a side.
        random
            The source of all random values.

        Returns
        -------
        dict
            The same names, float32 (crop, crop, 3) each, in [0, 1] but for the noise.
        """
        scale = random.uniform(self.smallest_scale, 1.0) if random.random() < self.scale_probability else 1.0
        patches = self._crop_and_scale(images, scale, random)
        if random.random() < self.grey_probability:
            patches = {name: _grey(patch) for name, patch in patches.items()}
        if random.random() < self.noise_probability:
            sigma = random.uniform(0.001, self.noise)
            noise = sigma * random.standard_normal((self.crop, self.crop, 3), dtype=np.float32)
            patches |= {name: patches[name] + noise.astype(np.float32) for name in INPUTS if name in patches}
        return patches

    def _crop_and_scale(
        self, images: dict[str, NDArray[np.float32]], scale: float, random: np.random.Generator
    ) -> dict[str, NDArray[np.float32]]:
        # Scaling a crop of crop / scale pixels equals scaling the image and then cropping, but costs much less.
        side = round(self.crop / scale)
        height, width = next(iter(images.values())).shape[:2]
        top = int(random.integers(height - side + 1))
        left = int(random.integers(width - side + 1))
        patches = {name: image[top : top + side, left : left + side] for name, image in images.items()}
        if side == self.crop:
            return patches
        size = (self.crop, self.crop)
        return {
            name: cv2.resize(patch, size, interpolation=cv2.INTER_AREA).astype(np.float32)
            for name, patch in patches.items()
        }


def _grey(patch: NDArray[np.float32]) -> NDArray[np.float32]:
    # As in the released code, the encoded values are weighted and the sRGB curve is applied to the sum.
    luminance = np.asarray(linear_to_srgb(patch @ GREY_WEIGHTS), dtype=np.float32)
    return np.repeat(luminance[..., None], 3, axis=2)
