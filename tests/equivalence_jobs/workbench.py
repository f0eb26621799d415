"""Where jobs run: one folder of work, and the console scripts of one environment, on one thread."""

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

Figures = dict[str, str | int | float]
"""What a job found, by name: numbers at full precision, hashes, exit statuses, names in their order."""

SURROUNDINGS = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OPENCV_FOR_THREADS_NUM": "1",
    "PYTHONHASHSEED": "0",
    "CUDA_VISIBLE_DEVICES": "",
    "COLUMNS": "400",
    "NO_COLOR": "1",
    "TERM": "dumb",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
}
"""One thread, so that sums are in one order; one seed of hashes; tables too wide to be wrapped."""

LONGEST = 1800.0
"""Seconds that one command may take."""


class JobFailed(Exception):
    """A command ended otherwise than it should, or what it wrote cannot be read."""


@dataclass(frozen=True)
class Work:
    """One collection's folder and environment.

    Parameters
    ----------
    folder
        Holds everything that is written, the package's cache included.
    programs
        The ``bin`` folder of the environment.
    captures
        Captures for ``realdof build``, where those of another collection are to be used.
    """

    folder: Path
    programs: Path
    captures: Path | None = None

    def path(self, *parts: str) -> Path:
        """A path in the folder, which is made up to its last part."""
        path = self.folder.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def bench(self, *words: object, statuses: tuple[int, ...] = (0,)) -> str:
        """What ``ifan-bench`` prints."""
        return self.run("ifan-bench", *words, statuses=statuses)[0]

    def run(self, program: str, *words: object, statuses: tuple[int, ...] = (0,)) -> tuple[str, int]:
        """What a console script prints, and its exit status.

        Raises
        ------
        JobFailed
            The script is not there, takes too long, or ends with another status than those that are allowed.
        """
        line = [str(self.programs / program), *map(str, words)]
        surroundings = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        surroundings |= SURROUNDINGS | {"IFAN_BENCH_CACHE": str(self.folder / "cache")}
        with self.path("commands.log").open("a", encoding="utf-8") as log:
            print("$", *line, file=log, flush=True)
            try:
                done = subprocess.run(
                    line, cwd=self.folder, env=surroundings, stdin=subprocess.DEVNULL, capture_output=True,
                    timeout=LONGEST, check=False,
                )  # fmt: skip
            except FileNotFoundError as error:
                raise JobFailed(f"there is no {line[0]}") from error
            except subprocess.TimeoutExpired as error:
                raise JobFailed(f"{' '.join(line)} took more than {LONGEST:g} s") from error
            printed, said = (stream.decode("utf-8", "replace") for stream in (done.stdout, done.stderr))
            print(printed, said, f"exit status {done.returncode}", sep="\n", file=log, flush=True)
        if done.returncode not in statuses:
            raise JobFailed(
                f"{' '.join([program, *line[1:]])} ended with status {done.returncode}: {_last(said, printed)}"
            )
        return printed, done.returncode


def _last(*texts: str) -> str:
    """The last two lines of the first text that has any."""
    for text in texts:
        if lines := [line.strip() for line in text.splitlines() if line.strip()]:
            return " | ".join(lines[-2:])
    return "it printed nothing"


@dataclass(frozen=True)
class Job:
    """One job.

    Parameters
    ----------
    do
        Runs commands and returns what they gave.
    needs
        Names of jobs whose results it uses; if one fails, this one is not done.
    after_runs
        Whether it looks at the results folder after all runs, also if some of them failed.
    """

    name: str
    do: Callable[[Work], Figures]
    needs: tuple[str, ...] = ()
    after_runs: bool = False


def prefixed(prefix: str, figures: Mapping[str, str | int | float]) -> Figures:
    """Figures with a word before each name."""
    return {f"{prefix} {name}": value for name, value in figures.items()}
