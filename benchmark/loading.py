"""Load a method with its weights, and with its program or repository if it needs one."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

from benchmark.method import Method, MethodFactory
from realdof.common.errors import InputError

TIMEOUT = 600.0
"""Default time limit of a program, seconds for an image."""


@runtime_checkable
class ProgramFactory(Protocol):
    """A ``MethodFactory`` that makes a method of any program given on the command line."""

    def with_program(self, line: str, name: str | None, timeout: float) -> MethodFactory:
        """Return the method that runs this command line, with its name in tables and its time limit for an image."""


@runtime_checkable
class RepositoryFactory(Protocol):
    """A ``MethodFactory`` that runs its authors' code in the user's clone of the repository."""

    def with_repository(self, repository: Path, python: str | None, timeout: float) -> MethodFactory:
        """Return the method with its repository, Python interpreter, and time limit in seconds for an image."""


@runtime_checkable
class MethodFamily(Protocol):
    """A ``MethodFactory`` whose methods are named ``FAMILY:MEMBER``."""

    def member(self, name: str) -> MethodFactory:
        """Return the member with this name, given without the family's name."""

    def members(self) -> Mapping[str, MethodFactory]:
        """Return every known member, by its full name."""


def load_method(factory: MethodFactory, weights: str | None) -> Method:
    """Load a method and check that it was written for this version's interface.

    Raises
    ------
    InputError
        The weights cannot be loaded, or the method was written for ifan-bench 0.1.
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
    """Give a method its program, if there is one.

    Parameters
    ----------
    program
        Command line; None for a method that runs no program.
    name
        The program's name in tables.
    timeout
        Time limit for an image, seconds.

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
    """Give a method the repository of its authors' code, if there is one.

    Parameters
    ----------
    repository
        Clone of the repository; None for a method that runs without one.
    python
        Python interpreter of the environment that the code needs; None for ``python``.
    timeout
        Time limit for an image, seconds.

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
