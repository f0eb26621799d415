"""Our own protocols: as ``ifan-cvpr21``, after alignment, or by the local blur of the input."""

from benchmark.protocols.aligned import AlignedProtocol
from benchmark.protocols.papers import IFAN_CVPR21
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
    summary="as aligned, by a homography, like RealBlur's; not RealBlur's own evaluation",
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
