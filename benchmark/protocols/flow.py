"""Scores after warping the all-in-focus image onto the output by optical flow, for misaligned pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np

from benchmark.method import Image, Sample
from benchmark.metrics.base import Metric
from benchmark.protocols.base import Protocol
from realdof.images.colour import luma


@dataclass(frozen=True)
class FlowProtocol(Protocol):
    """A protocol that warps the all-in-focus image onto each output, as JDRL does.

    Optical flow has more freedom than an alignment: it also corrects displacements that a method has caused.
    """

    def score(self, output: Image, sample: Sample, metrics: Mapping[str, Metric]) -> dict[str, float]:
        """Score against the warped all-in-focus image; see `Protocol.score`."""
        if sample.target is None:
            return super().score(output, sample, metrics)
        warped = warp_onto(self.finished(output, sample.image), sample.target)
        return super().score(output, replace(sample, target=warped), metrics)


def warp_onto(output: Image, target: Image) -> Image:
    """Warp the all-in-focus image onto an output by the flow of DIS (Kroeger et al., ECCV 2016).

    Parameters
    ----------
    output, target
        float32 (3, H, W) in [0, 1], of one size.

    Returns
    -------
    Tensor
        float32 (3, H, W); if the flow points outside the image, the nearest border pixel is taken.
    """
    import torch

    pixels, truth = (np.ascontiguousarray(image.permute(1, 2, 0).float().numpy()) for image in (output, target))
    grey, grey_truth = (np.rint(255 * luma(image).clip(0, 1)).astype(np.uint8) for image in (pixels, truth))
    found = np.zeros((*grey.shape, 2), np.float32)
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(grey, grey_truth, found)
    rows, columns = np.mgrid[: flow.shape[0], : flow.shape[1]].astype(np.float32)
    moved = cv2.remap(
        truth, columns + flow[..., 0], rows + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(moved, 2, 0)))


SDD_FLOW = FlowProtocol(
    name="sdd-flow",
    version=1,
    summary="8-bit RGB, cut to a multiple of 16; output clipped; the truth is warped onto it by DIS optical flow",
    bits=8,
    size_multiple=16,
    metrics=("psnr", "ssim"),
    source="after Li et al., AAAI 2023, test_model/test_model.py, which warps by PWC-Net's flow",
)
