"""A train / val / test split of scenes that depends on their names alone, so that it survives new scenes."""

import hashlib
from collections.abc import Iterable

from realdof.common.errors import InputError

DPDD_SHARES = (0.70, 0.15, 0.15)
"""Train, val, test: DPDD's 350, 74 and 76 of 500."""
SIDES = ("train", "val", "test")


def split(
    names: Iterable[str], seed: int = 0, shares: tuple[float, float, float] = DPDD_SHARES
) -> dict[str, list[str]]:
    """Put every scene on one side by a hash of seed and name.

    A scene stays on its side whatever is added or removed later, so that no training scene ever becomes a test
    scene; the price is that sides have their shares only on average.

    Parameters
    ----------
    names
        Of the scenes.
    seed
        Another one gives another split.
    shares
        Of train, val and test, in [0, 1], together 1.

    Returns
    -------
    dict
        Sorted names by side.

    Raises
    ------
    InputError
        The shares are none, or a side that has a share is left without a scene.
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
    """A number in [0, 1) that only seed and name decide."""
    digest = hashlib.sha256(f"{seed}\n{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
