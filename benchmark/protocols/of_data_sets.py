"""Protocols of single data sets, each as the data set's authors score it."""

from benchmark.protocols.base import Protocol

REALDEFOCUS = Protocol(
    name="realdefocus",
    version=1,
    summary="8-bit RGB, whole image; output clipped, not rounded; SSIM with an 11x11 Gaussian window; LPIPS AlexNet",
    bits=8,
    size_multiple=1,
    metrics=("psnr", "ssim", "lpips"),
    source="Seizinger et al., ICCV 2025: torchmetrics' defaults; the authors' evaluation script could not be looked up",
    variants={"ssim": "ssim-gaussian"},
)
NTIRE21 = Protocol(
    name="ntire21",
    version=1,
    summary="16-bit RGB, whole image; output clipped, not rounded; PSNR and SSIM (7x7 uniform) only",
    bits=16,
    size_multiple=1,
    metrics=("psnr", "ssim"),
    source="Abuolaim, Timofte and Brown, CVPRW 2021: the metrics; the organisers' script could not be looked up",
)
