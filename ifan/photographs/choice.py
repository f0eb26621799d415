"""Choose variant and weights for photographs if the user does not."""

from pathlib import Path

from ifan.variants import Variant, describe, name_of, variant_named
from realdof.common.errors import InputError

SINGLE, DUAL = "ifan", "ifan-dual"


def choose(variant: str | None, weights: str | None, *, dual: bool) -> tuple[Variant, str]:
    """Return the variant and the name of its weights.

    Parameters
    ----------
    variant
        A variant's name. None selects the variant that fits the file of weights, otherwise ``ifan`` or ``ifan-dual``.
    weights
        ``official``, ``synthetic`` or a file; None for the authors' if they are in the cache, otherwise this package's.
    dual
        Whether dual-pixel views are given.

    Raises
    ------
    InputError
        There is no such variant, or the file does not hold an IFAN of the paper.
    """
    if variant is None and weights is not None and Path(weights).is_file():
        return _of_file(Path(weights)), weights
    chosen = variant_named(variant or (DUAL if dual else SINGLE))
    return chosen, weights or chosen.sets.at_hand


def _of_file(path: Path) -> Variant:
    from ifan.checkpoints import read_weights

    shape = read_weights(path).shape
    name = name_of(shape)
    if name is None:
        raise InputError(f"{path} holds {describe(shape)}, which is no variant of the paper")
    return variant_named(name)


def announcement(variant: Variant, weights: str) -> str | None:
    """Return one line that announces synthetic weights, used because the authors' are missing; None for others."""
    if weights != "synthetic":
        return None
    return (
        f"synthetic weights of {variant.name}: ours, trained on rendered defocus and weaker than the paper's; "
        f"the authors' are not in {variant.sets.official_path}"
    )
