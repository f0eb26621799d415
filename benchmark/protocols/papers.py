"""The protocols of published figures, each as in its authors' evaluation code."""

from dataclasses import replace

from benchmark.protocols.base import Protocol

IFAN_CVPR21 = Protocol(
    name="ifan-cvpr21",
    version=1,
    summary="8-bit RGB; output clipped, not rounded; SSIM of scikit-image, 7x7 uniform; LPIPS AlexNet",
    bits=8,
    size_multiple=8,
    metrics=("psnr", "ssim", "mae", "lpips"),
    source="Lee et al., CVPR 2021, Section 4, and the authors' evaluation code",
)
IFAN_CVPR21_16BIT = replace(
    IFAN_CVPR21,
    name="ifan-cvpr21-16bit",
    summary="as ifan-cvpr21, from 16-bit files at their full depth",
    bits=16,
    source="Lee et al., CVPR 2021, supplement, Section 3",
)
DPDNET_16BIT = Protocol(
    name="dpdnet-16bit",
    version=1,
    summary="16-bit, float64; portrait images turned, everything resized to 1680x1120; output not clipped; no LPIPS",
    bits=16,
    size_multiple=1,
    metrics=("psnr", "ssim", "mae"),
    source="Abuolaim and Brown, ECCV 2020, the authors' evaluation code",
    clips=False,
    canvas=(1120, 1680),
    double=True,
)
RESTORMER = Protocol(
    name="restormer",
    version=1,
    summary="8-bit RGB, whole image; output clipped, not rounded; for single-image methods",
    bits=8,
    size_multiple=1,
    metrics=("psnr", "ssim", "mae", "lpips"),
    source="Zamir et al., CVPR 2022, the authors' evaluation code",
)
RESTORMER_DUAL = replace(
    RESTORMER,
    name="restormer-dual",
    summary="as restormer, from 16-bit files at their full depth; for dual-pixel methods",
    bits=16,
)
DRBNET = Protocol(
    name="drbnet",
    version=1,
    summary="8-bit RGB, cut to a multiple of 16; output not clipped; no MAE",
    bits=8,
    size_multiple=16,
    metrics=("psnr", "ssim", "lpips"),
    source="Ruan et al., CVPR 2022, the authors' evaluation code",
    clips=False,
)
