"""Cards of the map-based methods without a network; the methods' code is imported only when one runs."""

from benchmark.deferred import DeferredMethod
from benchmark.method import MethodCard

HYPER_LAPLACIAN_CARD = MethodCard(
    "hyper-laplacian",
    "Hyper-Laplacian",
    "single",
    "non-blind deconvolution with a Gaussian whose sigma is estimated at each pixel from its edges",
    paper="Krishnan and Fergus, Fast Image Deconvolution using Hyper-Laplacian Priors, NIPS 2009; blur after "
    "Zhuo and Sim, Defocus map estimation from a single image, Pattern Recognition 2011",
)

EBDB_CARD = MethodCard(
    "ebdb",
    "EBDB",
    "single",
    "blur at edges by re-blurring at an adaptive scale, spread over the image, then deconvolved",
    paper="Karaali and Jung, Edge-Based Defocus Blur Estimation With Adaptive Scale Selection, TIP 2018",
)

JNB_CARD = MethodCard(
    "jnb",
    "JNB",
    "single",
    "blur from the number of atoms that patches need of a learned dictionary, then deconvolved",
    paper="Shi, Xu and Jia, Just Noticeable Defocus Blur Detection and Estimation, CVPR 2015",
)

hyper_laplacian = DeferredMethod(HYPER_LAPLACIAN_CARD, "baselines.map_based.hyper_laplacian:HyperLaplacian")
ebdb = DeferredMethod(EBDB_CARD, "baselines.map_based.ebdb:EBDB")
jnb = DeferredMethod(JNB_CARD, "baselines.map_based.jnb:JNB")
