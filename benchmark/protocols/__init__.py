"""Evaluation protocols: those of the papers, and ours; `benchmark.registry.protocol` gives them by name."""

from benchmark.protocols.base import Protocol
from benchmark.protocols.ours import ALIGNED, ALIGNED_HOMOGRAPHY, BLUR_STRATIFIED
from benchmark.protocols.papers import (
    DPDNET_16BIT,
    DRBNET,
    IFAN_CVPR21,
    IFAN_CVPR21_16BIT,
    NRKNET,
    RESTORMER,
    RESTORMER_DUAL,
)

PROTOCOLS: dict[str, Protocol] = {
    protocol.name: protocol
    for protocol in (
        IFAN_CVPR21, IFAN_CVPR21_16BIT, DPDNET_16BIT, RESTORMER, RESTORMER_DUAL, DRBNET, NRKNET,
        ALIGNED, ALIGNED_HOMOGRAPHY, BLUR_STRATIFIED,
    )
}  # fmt: skip

__all__ = ["PROTOCOLS", "Protocol"]
