"""Methods and weights that the page offers: ready on this machine, for single images, running in Python."""

from benchmark import registry
from benchmark.loading import MethodFamily, ProgramFactory, RepositoryFactory
from benchmark.method import MethodFactory
from benchmark.network_card import NetworkCard
from realdof.common.errors import InputError

NO_WEIGHTS = "none"
"""Choice of weights for a method without weights."""


def offers(method: str | None = None, weights: str | None = None) -> dict[str, tuple[str, ...]]:
    """Return the available weights by method; the first of each is the default.

    Parameters
    ----------
    method, weights
        A method to list first, and its default weights: a file or a key.

    Raises
    ------
    InputError
        The method is unknown or not ready, or the weights do not exist.
    """
    found = {name: _weights(factory) for name, factory in registry.sound(registry.METHODS) if _fits(factory)}
    if method is not None:
        factory = registry.method(method)
        if not _fits(factory):
            raise InputError(f"{method} cannot be shown: the demo runs methods in Python that need one image")
        own = found.get(method, ())
        if weights is not None:
            if weights not in own and isinstance(factory, NetworkCard) and factory.sets is not None:
                factory.sets.find(weights)
            own = (weights, *(name for name in own if name != weights))
        if not own:
            raise InputError(f"{method} has no weights on this machine; name a file with --weights FILE")
        found = {method: own, **found}
    elif weights is not None:
        raise InputError("--weights belongs to a method; give --method too")
    return {name: keys for name, keys in found.items() if keys}


def _fits(factory: MethodFactory) -> bool:
    outside = (MethodFamily, ProgramFactory, RepositoryFactory)
    return not isinstance(factory, outside) and factory.card.inputs == "single"


def _weights(factory: MethodFactory) -> tuple[str, ...]:
    if not isinstance(factory, NetworkCard):
        return tuple(factory.card.weights) or (NO_WEIGHTS,)
    if factory.sets is None:
        return ()
    path = factory.sets.official_path
    official = ("official",) if path is not None and path.is_file() else ()
    return (*official, *(("synthetic",) if factory.sets.synthetic.is_file() else ()))
