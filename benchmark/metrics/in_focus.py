"""Harm to regions that are already sharp: the change of PSNR from input to output where the input is in focus.

Definition
----------
In focus is every block of 32x32 px where the input's blur, against the all-in-focus image, is that of a Gaussian of
less than 0.5 px standard deviation. Over these blocks, with squared errors against the all-in-focus image:

    in-focus-harm   = 10 log10(squared error of the input / squared error of the output)    in dB, over all such pixels
                                                                                           of the data set
    in-focus-harmed = share of the images with such pixels that lose more than 0.05 dB there, in percent

A negative value is damage. A method that returns its input scores exactly 0 dB and 0 %. Blocks without texture are left
out, because their blur cannot be measured.
"""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from benchmark.method import Image
from benchmark.metrics.base import check_sizes
from benchmark.metrics.card import MetricCard, Need, OverPixels, ShareHarmed
from realdof.images.resize import area_resize

if TYPE_CHECKING:
    from torch import Tensor

LARGEST_BLUR = 0.5
"""px; standard deviation of the blur below which a block is in focus."""
LIMIT = 0.05
"""dB; an image that loses less than this is not harmed."""
ERROR, AGAINST, SHARE = "in-focus-mse", "in-focus-input-mse", "in-focus-share"
"""Scores of each image: squared error of output and of input in focus, and the share of the image that is in focus."""
_NEEDS: frozenset[Need] = frozenset({"output", "target", "input", "blur map"})
HARM = MetricCard(
    name="in-focus-harm",
    title="In-focus harm",
    unit="dB",
    better="higher",
    decimals=2,
    range=(-math.inf, math.inf),
    needs=_NEEDS,
    averaged=OverPixels(error=ERROR, share=SHARE, against=AGAINST),
    source="ours: PSNR of the output minus PSNR of the input, over all pixels of the data set where the input is "
    f"blurred by less than {LARGEST_BLUR} px; below 0 is damage",
)
HARMED = MetricCard(
    name="in-focus-harmed",
    title="Harmed in focus, %",
    unit="%",
    better="lower",
    decimals=0,
    range=(0.0, 100.0),
    needs=_NEEDS,
    averaged=ShareHarmed(error=ERROR, share=SHARE, against=AGAINST, limit=LIMIT),
    source=f"ours: images that lose more than {LIMIT} dB where the input is blurred by less than {LARGEST_BLUR} px, of "
    "those that have such pixels",
)


class InFocusHarm:
    """PSNR of the output minus that of the input where the input is in focus, in dB; below 0 is damage."""

    card = HARM

    def __call__(self, output: Image, target: Image, input: Image, blur_map: "Tensor") -> Mapping[str, float]:
        """Measure one image; see `Metric`.

        Returns
        -------
        dict
            ``in-focus-share``, and where it is above 0 the squared errors ``in-focus-mse`` of the output and
            ``in-focus-input-mse`` of the input.
        """
        check_sizes(output, target, smallest=1)
        check_sizes(input, target, smallest=1)
        return in_focus(block_errors(output, target, blur_map), block_errors(input, target, blur_map), blur_map)


class InFocusHarmed(InFocusHarm):
    """Percentage of images that lose more than 0.05 dB where the input is in focus."""

    card = HARMED


def in_focus(errors: np.ndarray, input_errors: np.ndarray, blur_map: "Tensor") -> dict[str, float]:
    """Compute the scores of one image from the squared errors of its blocks.

    Parameters
    ----------
    errors, input_errors
        float64 (h, w), of output and input, as `block_errors` gives them.
    blur_map
        float32 (h, w), px; NaN where the blur cannot be measured.
    """
    # Comparisons with NaN are false, so blocks of unknown blur are left out.
    sharp = blur_map.numpy() < LARGEST_BLUR
    scores = {SHARE: float(sharp.mean())}
    if sharp.any():
        scores |= {ERROR: float(errors[sharp].mean()), AGAINST: float(input_errors[sharp].mean())}
    return scores


def block_errors(image: Image, target: Image, blur_map: "Tensor") -> np.ndarray:
    """Compute the mean squared error of each block of the blur map, over its pixels and channels.

    Returns
    -------
    ndarray
        float64 (h, w).
    """
    ours, truth = (np.ascontiguousarray(one.permute(1, 2, 0).numpy()) for one in (image, target))
    squared = np.square(ours.astype(np.float64) - truth).mean(axis=2)
    return area_resize(squared, *blur_map.shape)
