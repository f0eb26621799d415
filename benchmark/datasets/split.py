"""A train / val / test split of scenes by name alone, so that adding scenes does not move the others."""

import hashlib
from collections.abc import Iterable

from realdof.common.errors import InputError

DPDD_SHARES = (0.70, 0.15, 0.15)
"""Default shares of train, val and test: those of DPDD, 350, 74 and 76 of 500."""
SIDES = ("train", "val", "test")


def split(
    names: Iterable[str], seed: int = 0, shares: tuple[float, float, float] = DPDD_SHARES
) -> dict[str, list[str]]:
    """Assign every scene to train, val or test by a hash of seed and name.

    A scene stays on its side when scenes are added or removed, so that no training scene ever becomes a test scene.
    In return, the sides have their shares only on average.

    Parameters
    ----------
    names
        Names of the scenes.
    seed
        Seed of the hash; another seed gives another split.
    shares
        Shares of train, val and test, in [0, 1], with the sum 1.

    Returns
    -------
    dict
        Sorted scene names by side.

    Raises
    ------
    InputError
        The shares are invalid, or a side with a share above 0 receives no scene.
    """
    if min(shares) < 0 or abs(sum(shares) - 1) > 1e-9:
        raise InputError(f"shares of train, val and test must be 0 or more and 1 together, not {shares}")
    sides: dict[str, list[str]] = {side: [] for side in SIDES}
    for name in sorted(set(names)):
        place = _fraction(seed, name)
        side = "train" if place < shares[0] else "val" if place < shares[0] + shares[1] else "test"
        sides[side].append(name)
    for side, share in zip(SIDES, shares, strict=True):
        if share > 0 and not sides[side]:
            count = sum(map(len, sides.values()))
            raise InputError(f"no scene of {count} falls on the {side} side; give another --seed or more scenes")
    return sides


def _fraction(seed: int, name: str) -> float:
    """Hash seed and name to a number in [0, 1)."""
    digest = hashlib.sha256(f"{seed}\n{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
