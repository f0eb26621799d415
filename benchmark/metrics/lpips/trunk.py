"""The five convolutions of AlexNet that LPIPS uses: the weights in this package, their source and their check."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import as_file, files

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from realdof.common.errors import InputError

Trunk = dict[str, Tensor]

SHAPES: Mapping[str, tuple[int, ...]] = {
    "features.0": (64, 3, 11, 11),
    "features.3": (192, 64, 5, 5),
    "features.6": (384, 192, 3, 3),
    "features.8": (256, 384, 3, 3),
    "features.10": (256, 256, 3, 3),
}
"""The convolutions under torchvision's names, and their weights' shapes: outputs, inputs, height, width."""


@dataclass(frozen=True)
class TrunkCard:
    """The source, licence and hash of the weights.

    Parameters
    ----------
    file
        Name of the safetensors file beside this module, float32.
    source
        Where the weights come from.
    licence, licence_file
        Licence of the weights, and its text beside this module.
    sha256
        SHA-256 of the ten arrays, as `trunk_sha256` computes it; the file format may change, the arrays may not.
    """

    file: str
    source: str
    licence: str
    licence_file: str
    sha256: str


CARD = TrunkCard(
    file="alexnet.safetensors",
    source="torchvision's AlexNet trained on ImageNet, features only: "
    "https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",
    licence="BSD-3-Clause",
    licence_file="LICENSE.torchvision",
    sha256="2b566cc3a4d6f0a7343701af22f461f1ac3dcd03a3ac28cce10968a1d3c85fdc",
)


def load_trunk() -> Trunk:
    """Load the weights from this package and check them.

    Returns
    -------
    dict
        ``features.N.weight`` (outputs, inputs, height, width) and ``features.N.bias`` (outputs,), float32.

    Raises
    ------
    InputError
        The file is missing or damaged, or does not hold the known weights.
    """
    with as_file(files(__package__) / CARD.file) as path:
        remedy = "install ifan-bench again, or leave LPIPS out with --metrics psnr,ssim,mae"
        try:
            trunk: Trunk = load_file(path)
        except (OSError, SafetensorError) as error:
            raise InputError(f"{path}, the weights of LPIPS, cannot be read ({error}); {remedy}") from error
        expected = {f"{name}.weight": shape for name, shape in SHAPES.items()}
        expected |= {f"{name}.bias": shape[:1] for name, shape in SHAPES.items()}
        if {name: tuple(value.shape) for name, value in trunk.items()} != expected:
            raise InputError(f"{path} holds another network than AlexNet's five convolutions; {remedy}")
        if (found := trunk_sha256(trunk)) != CARD.sha256:
            raise InputError(f"{path} has SHA-256 {found[:12]}, LPIPS's weights have {CARD.sha256[:12]}; {remedy}")
    return trunk


def trunk_sha256(trunk: Mapping[str, Tensor]) -> str:
    """Compute the SHA-256 of the ten arrays in order, weight before bias, as little-endian float32."""
    digest = hashlib.sha256()
    for name in SHAPES:
        for part in ("weight", "bias"):
            digest.update(trunk[f"{name}.{part}"].contiguous().numpy().astype("<f4", copy=False).data)
    return digest.hexdigest()
