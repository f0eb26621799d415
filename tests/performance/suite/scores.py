"""Metrics against the libraries that define them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from skimage.metrics import structural_similarity

from benchmark.metrics.mae import MAE
from benchmark.metrics.psnr import PSNR
from benchmark.metrics.ssim import SSIM
from realdof.common.machine.memory import keep_blocks
from tests.performance.metrics_speed import pair
from tests.performance.suite.measurement import Measurement, in_turns


def measure(quick: bool) -> Iterator[Measurement]:
    """Lines of PSNR, SSIM and MAE at 1680x1120; the reference is given float64 arrays, their conversion not counted."""
    keep_blocks()
    output, target = pair()
    if quick:
        output, target = output[:, :280, :420].contiguous(), target[:, :280, :420].contiguous()
    first, second = (image.permute(1, 2, 0).contiguous().double().numpy() for image in (output, target))
    peers = {
        "psnr": ("float64 NumPy", lambda: float(-10 * np.log10(np.mean((first - second) ** 2)))),
        "mae": ("float64 NumPy", lambda: float(np.mean(np.abs(first - second)))),
        "ssim": ("scikit-image", lambda: float(structural_similarity(first, second, data_range=1, channel_axis=2))),
    }
    for metric in (PSNR(), MAE(), SSIM()):
        name, peer = peers[metric.card.name]
        spent = in_turns(
            {
                "peer": peer,
                "floor": lambda: (output.sum(), target.sum()),
                "ours": lambda metric=metric: metric(output, target),
            },
            5 if quick else 15,
        )
        apart = abs(metric(output, target) - peer())
        yield Measurement(
            "scores", f"{metric.card.name.upper()}, {output.shape[2]}x{output.shape[1]}", spent["ours"], spent["peer"],
            spent["floor"], f"peer: {name}; floor: both images read once; {apart:.1e} apart",
        )  # fmt: skip
