"""Entry point of the command ``realdof``, also for ``python -m realdof``."""

from typing import NoReturn

from realdof.common.processes.ending import run_to_the_end
from realdof.common.processes.loading import loading


def program() -> NoReturn:
    """Load the command line, run it, and end the process."""
    with loading(first=True):
        from realdof.cli import main

    run_to_the_end(main)


if __name__ == "__main__":
    program()
