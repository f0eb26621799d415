"""Evaluation protocols by name: those of the papers, and ours."""

from benchmark.protocols.aligned import AlignedProtocol
from benchmark.protocols.base import Protocol
from benchmark.protocols.papers import (
    DPDNET_16BIT,
    DRBNET,
    IFAN_CVPR21,
    IFAN_CVPR21_16BIT,
    NRKNET,
    RESTORMER,
    RESTORMER_DUAL,
)
from benchmark.protocols.stratified import StratifiedProtocol

ALIGNED = AlignedProtocol(
    name="aligned",
    version=1,
    summary="as ifan-cvpr21, after the output is shifted onto the all-in-focus image (ECC, translation)",
    bits=8,
    size_multiple=8,
    metrics=IFAN_CVPR21.metrics,
    source="ours; Evangelidis and Psarakis, IEEE TPAMI 2008, for the alignment",
)
ALIGNED_HOMOGRAPHY = AlignedProtocol(
    name="aligned-homography",
    version=1,
    summary="as aligned, by a homography, as RealBlur's evaluation does",
    bits=8,
    size_multiple=8,
    metrics=IFAN_CVPR21.metrics,
    source="ours; after Rim et al., ECCV 2020",
    motion="homography",
)
BLUR_STRATIFIED = StratifiedProtocol(
    name="blur-stratified",
    version=1,
    summary="as ifan-cvpr21, and the squared error by the local blur of the input",
    bits=8,
    size_multiple=8,
    metrics=IFAN_CVPR21.metrics,
    source="ours",
)
PROTOCOLS: dict[str, Protocol] = {
    protocol.name: protocol
    for protocol in (
        IFAN_CVPR21, IFAN_CVPR21_16BIT, DPDNET_16BIT, RESTORMER, RESTORMER_DUAL, DRBNET, NRKNET,
        ALIGNED, ALIGNED_HOMOGRAPHY, BLUR_STRATIFIED,
    )
}  # fmt: skip

__all__ = ["PROTOCOLS", "AlignedProtocol", "Protocol", "StratifiedProtocol"]
