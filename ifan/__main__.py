"""Entry point of the command ``ifan``, also for ``python -m ifan``."""

from typing import NoReturn

from realdof.common.processes.ending import run_to_the_end
from realdof.common.processes.loading import loading


def program() -> NoReturn:
    """Load the command line, run it, and end the process."""
    with loading(first=True):
        from ifan.cli.app import main

    run_to_the_end(main)


if __name__ == "__main__":
    program()
