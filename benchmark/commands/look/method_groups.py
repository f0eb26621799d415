"""Group methods by what they need before they can run."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmark import registry
from benchmark.loading import MethodFamily, ProgramFactory, RepositoryFactory
from benchmark.method import MethodCard, MethodFactory
from benchmark.network_card import NetworkCard

READY, WEIGHTS, REPOSITORY = "ready now", "needs weights", "needs a repository"
GROUPS = (READY, WEIGHTS, REPOSITORY)


@dataclass(frozen=True)
class Listed:
    """A method as `ifan-bench methods` lists it.

    Parameters
    ----------
    name
        Value of ``--method``.
    group
        One of ``GROUPS``.
    needs
        For a ready method the weights on this machine, otherwise the command that gets what is missing.
    """

    name: str
    card: MethodCard
    group: str
    needs: str


def grouped() -> list[Listed]:
    """Return every method that can be imported, including the members of families."""
    return [
        Listed(name, factory.card, _group(factory), how_to_get(factory) if _group(factory) != READY else _here(factory))
        for name, factory in _every()
    ]


def how_to_get(factory: MethodFactory) -> str:
    """Return the command or sentence that says how to get what a method needs; empty if it needs nothing."""
    if isinstance(factory, RepositoryFactory):
        return f"git clone {factory.card.repository.partition(' at ')[0]}"
    if not isinstance(factory, NetworkCard):
        return ""
    sets = factory.sets
    if sets is None:
        return "a file of yours: --weights FILE"
    if sets.official is None:
        return (
            f"--weights FILE; no weights were released{f', --method {sets.instead} has ours' if sets.instead else ''}"
        )
    return sets.command or f"by hand: put {sets.official} {sets.source} at {sets.official_path}"


def _every() -> Iterator[tuple[str, MethodFactory]]:
    for name, factory in registry.sound(registry.METHODS):
        if isinstance(factory, MethodFamily):
            yield from factory.members().items()
        else:
            yield name, factory


def _group(factory: MethodFactory) -> str:
    if isinstance(factory, RepositoryFactory):
        return REPOSITORY
    if isinstance(factory, NetworkCard) and (factory.sets is None or not factory.sets.ready):
        return WEIGHTS
    return READY


def _here(factory: MethodFactory) -> str:
    """Return which weights of a ready method are on this machine."""
    if isinstance(factory, NetworkCard) and factory.sets is not None:
        path = factory.sets.official_path
        official = ["official"] if path is not None and path.is_file() else []
        return ", ".join([*official, *(["synthetic"] if factory.sets.synthetic.is_file() else [])])
    return "--exec" if isinstance(factory, ProgramFactory) else ""
