"""Every IFAN of the paper by name: one description a variant."""

from dataclasses import dataclass

from ifan.network import NetworkShape


@dataclass(frozen=True)
class Variant:
    """One row of the paper's tables.

    Parameters
    ----------
    name, title
        The word on the command line, and the name in tables.
    shape
        What its network is.
    released
        The file name of the authors' checkpoint.
    table
        Where the paper prints its figures.
    """

    name: str
    title: str
    shape: NetworkShape
    released: str
    table: str


VARIANTS = {
    variant.name: variant
    for variant in (
        Variant("ifan", "IFAN", NetworkShape(17), "IFAN.pytorch", "Table 2"),
        Variant("ifan-n8", "IFAN (N = 8)", NetworkShape(8), "IFAN_8.pytorch", "Table 4"),
        Variant("ifan-n26", "IFAN (N = 26)", NetworkShape(26), "IFAN_26.pytorch", "Table 4"),
        Variant("ifan-n35", "IFAN (N = 35)", NetworkShape(35), "IFAN_35.pytorch", "Table 4"),
        Variant("ifan-n44", "IFAN (N = 44)", NetworkShape(44), "IFAN_44.pytorch", "Table 4"),
        Variant(
            "ifan-dual",
            "IFAN (dual-pixel)",
            NetworkShape(17, dual=True),
            "IFAN_dual.pytorch",
            "supplement Table 2",
        ),
    )
}


def name_of(shape: NetworkShape) -> str | None:
    """The name of the variant with this number of filters and kind of input, whatever its form of IAC."""
    for variant in VARIANTS.values():
        if (variant.shape.filters, variant.shape.dual) == (shape.filters, shape.dual):
            return variant.name
    return None
