"""Learned perceptual image patch similarity, version 0.1 with AlexNet."""

import math
from typing import TYPE_CHECKING

from benchmark.method import Image
from benchmark.metrics.base import check_sizes
from benchmark.metrics.card import MetricCard
from realdof.common.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

CHECK_VALUE = 0.113524
"""Distance of `check_pair` by LPIPS, version 0.1 with AlexNet."""
_CHECK_TOLERANCE = 1e-4
_SMALLEST = 31  # in smaller images, the second pooling has no window left


class LPIPS:
    """Distance between AlexNet's features of two images, on the CPU in float32; images at least 31x31 px.

    The ``lpips`` package is not imported, because it imports torchvision, whose PyPI wheel fails with a CPU-only torch.
    Only its file of linear weights is read.

    Raises
    ------
    InputError
        The weights are missing or damaged, or the network's distance for `check_pair` is not the known one.
    """

    card = MetricCard(
        name="lpips",
        title="LPIPS",
        better="lower",
        decimals=4,
        range=(0.0, math.inf),
        source="Zhang et al., CVPR 2018; AlexNet, version 0.1",
    )

    def __init__(self) -> None:
        # Imported here, so that the card can be read without torch.
        from benchmark.metrics.lpips import fast, network

        self.network = fast.FastDistance(network.plain_network())
        found = self(*check_pair())
        if not abs(found - CHECK_VALUE) <= _CHECK_TOLERANCE:
            raise InputError(
                f"LPIPS gives {found:.4f} for a known pair of images, where {CHECK_VALUE:.4f} is right: its weights "
                "did not load; install ifan-bench and lpips==0.1.4 again, or leave LPIPS out with "
                "--metrics psnr,ssim,mae"
            )

    def __call__(self, output: Image, target: Image) -> float:
        """Measure one image; see `Metric`."""
        import torch

        check_sizes(output, target, smallest=_SMALLEST)
        with torch.inference_mode():
            return float(self.network(*(image.detach().cpu().float() for image in (output, target))))


def check_pair() -> "tuple[Tensor, Tensor]":
    """Return two small images of 8-bit values with a known distance: stripes and patches, and the same shifted."""
    import torch

    row, column = torch.meshgrid(torch.arange(64), torch.arange(64), indexing="ij")
    first = torch.stack([(row * 5 + column * 3) % 64 * 4, (row // 8 + column // 8) % 2 * 200, row * column % 256])
    return first.float() / 255, first.roll((3, 5), (1, 2)).float() / 255
