"""Load a method: its weights, and the program or repository of one that runs a program."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

from benchmark.method import Method, MethodFactory
from realdof.common.errors import InputError

TIMEOUT = 600.0
"""Seconds that a program may take for an image."""


@runtime_checkable
class ProgramFactory(Protocol):
    """A ``MethodFactory`` that becomes one more method with every program it is given on the command line."""

    def with_program(self, line: str, name: str | None, timeout: float) -> MethodFactory:
        """The method that runs this command line, under a name in tables, with seconds for an image."""


@runtime_checkable
class RepositoryFactory(Protocol):
    """A ``MethodFactory`` that runs its authors' code in a repository that the user has."""

    def with_repository(self, repository: Path, python: str | None, timeout: float) -> MethodFactory:
        """The method with its repository, the interpreter of its environment, and seconds for an image."""


@runtime_checkable
class MethodFamily(Protocol):
    """A ``MethodFactory`` whose methods are named ``FAMILY:MEMBER``."""

    def member(self, name: str) -> MethodFactory:
        """The member of this name, without the family's."""

    def members(self) -> Mapping[str, MethodFactory]:
        """Every member that is known, by its full name."""


def load_method(factory: MethodFactory, weights: str | None) -> Method:
    """Load a method and check that it is written for this version's interface.

    Raises
    ------
    InputError
        The weights cannot be had, or the method was written for ifan-bench 0.1.
    """
    method = factory.load(weights)
    name = factory.card.name
    deblur = getattr(method, "deblur", None)
    if not callable(deblur):
        raise InputError(f"method {name} cannot be run: load returned {type(method).__name__}, which has no deblur")
    try:
        inspect.signature(deblur).bind(None, None)
    except TypeError as error:
        raise InputError(
            f"method {name} was written for ifan-bench 0.1: deblur now takes (sample, context) and returns Deblurred, "
            "and prepare(context) replaces to() and prepare_for(); see docs/how-to/migrate.md"
        ) from error
    return method


def with_program(
    factory: MethodFactory, program: str | None, name: str | None = None, timeout: float | None = None
) -> MethodFactory:
    """The method with its program, if one is given.

    Parameters
    ----------
    program
        Command line; None for a method that runs none.
    name
        The program's name in tables.
    timeout
        Seconds for an image.

    Raises
    ------
    InputError
        The method and the options do not fit together.
    """
    if program is None:
        if name is not None or timeout is not None:
            raise InputError("--name and --timeout belong to a program; give it with --method command --exec")
        return factory
    if not isinstance(factory, ProgramFactory):
        raise InputError(f"{factory.card.name} runs no program; give --method command with --exec")
    return factory.with_program(program, name, TIMEOUT if timeout is None else timeout)


def with_repository(
    factory: MethodFactory, repository: Path | None, python: str | None = None, timeout: float | None = None
) -> MethodFactory:
    """The method with the repository that its authors' code is in, if one is given.

    Parameters
    ----------
    repository
        A clone; None for a method that runs without one.
    python
        The interpreter of the environment that the code needs; ``python`` if not given.
    timeout
        Seconds for an image.

    Raises
    ------
    InputError
        The method and the options do not fit together.
    """
    if repository is None:
        if python is not None:
            raise InputError("--python belongs to --repo; give both, or neither")
        return factory
    if not isinstance(factory, RepositoryFactory):
        raise InputError(f"{factory.card.name} runs without a repository; --repo belongs to --method recipe:NAME")
    return factory.with_repository(repository, python, TIMEOUT if timeout is None else timeout)
