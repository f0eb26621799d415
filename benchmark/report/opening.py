"""Open the data sets that are named in a results folder."""

from collections.abc import Callable
from pathlib import Path

from benchmark import registry
from benchmark.datasets.base import Dataset
from benchmark.datasets.subset import restrict, whole_name
from realdof.common.errors import InputError


def opener(roots: list[str], subset: Path | None) -> Callable[[str], Dataset]:
    """Return a function that opens a data set by its name in results and applies ``--root`` and ``--subset``.

    Raises
    ------
    InputError
        Several roots are given without names.
    """
    named = dict(root.split("=", 1) for root in roots if "=" in root and not Path(root).is_dir())
    plain = [Path(root) for root in roots if Path(root).is_dir() or "=" not in root]
    if len(plain) > 1:
        raise InputError("several --root need names: --root dpdd=DIR --root realdof=DIR")

    def opened(name: str) -> Dataset:
        whole = whole_name(name)
        folder = Path(named[whole]) if whole in named else plain[0] if plain else None
        found = restrict(registry.dataset(whole)(folder), subset if whole != name else None)
        if found.card.name != name:
            raise InputError(f"{name} is part of a data set; give its list with --subset")
        found.prepare()
        return found

    return opened
