"""Every IFAN variant of the paper by name."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from benchmark.weight_sets import WeightSets
from ifan.shape import NetworkShape
from realdof.common.errors import InputError

PACKAGED = Path(__file__).parent / "pretrained"
"""The folder of the package's own weights."""
RELEASED_BY = "https://github.com/codeslake/IFAN"
CHECKPOINTS = "https://www.dropbox.com/s/qohhmr9p81u0syi/checkpoints.zip?dl=1"


@dataclass(frozen=True)
class Variant:
    """One row of the paper's tables.

    Parameters
    ----------
    name, title
        Name on the command line, and title in tables.
    shape
        Shape parameters of its network.
    released
        File name of the authors' checkpoint.
    table
        Table in which the paper prints its figures.
    reblurring
        Whether it is trained with the reblurring network and loss.
    crop
        Side of a training patch, px: networks with more filter sets see farther (released code).
    bits
        Bit depth of its training images.
    """

    name: str
    title: str
    shape: NetworkShape
    released: str
    table: str
    reblurring: bool = True
    crop: int = 256
    bits: Literal[8, 16] = 8

    @property
    def sets(self) -> WeightSets:
        """Places where its weights are searched."""
        source = f"from the checkpoints.zip linked at {RELEASED_BY}"
        ours = PACKAGED / f"{self.name}-synthetic.safetensors"
        # The README names five of the files; the other names are from its first version.
        return WeightSets(self.name, self.released, source, ours, url=CHECKPOINTS, archive=True)


_BLOCKS = NetworkShape(disparity=False, deblurring="blocks")
_BLOCKS_WITH_ESTIMATOR = NetworkShape(deblurring="blocks")
_NO_ESTIMATOR = NetworkShape(disparity=False)
_BASELINE, _PREDICTOR = "IFAN baseline", "IFAN, FP + IAC"

VARIANTS = {
    variant.name: variant
    for variant in (
        Variant("ifan", "IFAN", NetworkShape(17), "IFAN.pytorch", "Table 2"),
        Variant("ifan-n8", "IFAN (N = 8)", NetworkShape(8), "IFAN_8.pytorch", "Table 4"),
        Variant("ifan-n26", "IFAN (N = 26)", NetworkShape(26), "IFAN_26.pytorch", "Table 4", crop=512),
        Variant("ifan-n35", "IFAN (N = 35)", NetworkShape(35), "IFAN_35.pytorch", "Table 4", crop=576),
        Variant("ifan-n44", "IFAN (N = 44)", NetworkShape(44), "IFAN_44.pytorch", "Table 4", crop=704),
        Variant(
            "ifan-dual",
            "IFAN (dual-pixel)",
            NetworkShape(17, dual=True),
            "IFAN_dual.pytorch",
            "supplement Table 2",
        ),
        Variant("ifan-16bit", "IFAN (16-bit)", NetworkShape(17), "IFAN_16bit.pytorch", "supplement Table 1", bits=16),
        Variant("ifan-fac", "IFAN with FAC", NetworkShape(deblurring="fac"), "IFAN_FAC.pytorch", "Table 5"),
        Variant("ifan-baseline", _BASELINE, _BLOCKS, "B.pytorch", "Table 1", reblurring=False),
        Variant(
            "ifan-baseline-dme",
            f"{_BASELINE} + DME",
            _BLOCKS_WITH_ESTIMATOR,
            "D.pytorch",
            "Table 1",
            reblurring=False,
        ),
        Variant("ifan-fp", _PREDICTOR, _NO_ESTIMATOR, "F.pytorch", "Table 1", reblurring=False),
        Variant("ifan-fp-dme", f"{_PREDICTOR} + DME", NetworkShape(17), "FD.pytorch", "Table 1", reblurring=False),
        Variant("ifan-fp-rbn", f"{_PREDICTOR} + RBN", _NO_ESTIMATOR, "FR.pytorch", "Table 1"),
    )
}
ABLATION = ("ifan-baseline", "ifan-baseline-dme", "ifan-fp", "ifan-fp-dme", "ifan-fp-rbn", "ifan")
"""The six models of Table 1, in its order."""


def variant_named(name: str) -> Variant:
    """Return the variant with this name.

    Raises
    ------
    InputError
        There is no such variant.
    """
    if name not in VARIANTS:
        raise InputError(f"there is no variant named {name}; there are {', '.join(VARIANTS)}")
    return VARIANTS[name]


def same_network(one: NetworkShape, other: NetworkShape) -> bool:
    """Return whether the parameters of one network fit the other; the form of IAC does not matter."""
    return replace(one, shared_taps=False) == replace(other, shared_taps=False)


def name_of(shape: NetworkShape) -> str | None:
    """Return the name of the first variant with this network, ignoring the form of IAC; None if there is none."""
    for variant in VARIANTS.values():
        if same_network(variant.shape, shape):
            return variant.name
    return None


def describe(shape: NetworkShape) -> str:
    """Describe a network in a few words, for a table or an error message."""
    words = {"iac": f"N = {shape.filters}", "fac": "FAC", "blocks": "residual blocks, no filters"}[shape.deblurring]
    views = "dual-pixel" if shape.dual else "single-image"
    return f"{words}, {views}" + ("" if shape.disparity else ", no disparity map")
