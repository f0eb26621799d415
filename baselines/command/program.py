"""An external program: parse its command line, run it with a time limit, measure its memory."""

import os
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

from benchmark.running.memory import peak_of_program
from realdof.common.errors import InputError
from realdof.common.machine.threads import environment_of_programs

VIEWS = ("input", "left", "right", "output")
"""Placeholders of a program's command line."""
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.001, 0.05
"""Seconds between two checks of a running program, at first and at most."""
_SHELL = Path("/bin/sh")
_LOG_LINES = 3
"""How many of the log's last lines an error quotes."""


class ProgramError(RuntimeError):
    """A program's failure on one image; the message holds the reason and the end of the log."""


@dataclass(frozen=True)
class Program:
    """A command line with placeholders for files or folders.

    Parameters
    ----------
    words
        The program and its arguments; ``{input}``, ``{left}``, ``{right}`` and ``{output}`` stand for files,
        ``{input_dir}`` and so on for folders.
    timeout
        Seconds allowed for each image.
    folders
        Whether the program runs once for all images, with folders.
    """

    words: tuple[str, ...]
    timeout: float
    folders: bool = False

    @classmethod
    def parse(cls, line: str, timeout: float) -> "Program":
        """Split a command line as a POSIX shell does; no shell runs, so pipes and variables have no effect.

        Raises
        ------
        InputError
            A quote is not closed, ``{output}`` or every input is missing, files and folders are mixed, or the program
            does not exist.
        """
        try:
            words = tuple(shlex.split(line))
        except ValueError as error:
            raise InputError(f"--exec {line!r} cannot be split into words: {error}") from error
        places = {name for name in (*VIEWS, *(f"{view}_dir" for view in VIEWS)) if f"{{{name}}}" in line}
        folders = any(name.endswith("_dir") for name in places)
        output = "output_dir" if folders else "output"
        if folders and any(not name.endswith("_dir") for name in places):
            raise InputError(f"--exec {line!r} asks for files and for folders; name one or the other")
        if output not in places or places == {output}:
            raise InputError(
                f'--exec {line!r} must name {{input}} (or {{left}}, {{right}}) and {{output}}, as in "python run.py '
                '{input} {output}", or folders, as in "python run.py {input_dir} {output_dir}"'
            )
        if shutil.which(words[0]) is None:
            raise InputError(f"--exec: there is no program {words[0]}; give its path")
        return cls(words, timeout, folders)

    def wants(self, view: str) -> bool:
        """Return whether the command line names a view (``input``, ``left`` or ``right``) as a file or a folder."""
        return any(f"{{{view}}}" in word or f"{{{view}_dir}}" in word for word in self.words)

    @property
    def inputs(self) -> Literal["single", "dual"]:
        """``dual`` if the program needs the dual-pixel views, otherwise ``single``."""
        return "dual" if self.wants("left") or self.wants("right") else "single"

    def run(self, places: dict[str, Path], log: Path, images: int = 1, where: Path | None = None) -> int | None:
        """Run the program once and wait for it; its output goes to ``log``.

        Parameters
        ----------
        places
            Path of each placeholder.
        images
            Number of images, by which the time limit is multiplied.
        where
            Working directory; this process's own if not given.

        Returns
        -------
        int or None
            The program's peak memory in bytes; None where the system does not report it.

        Raises
        ------
        ProgramError
            The program exceeded its time limit and was killed with all its child processes, or its exit status is not
            0.
        """
        words = list(self.words)
        for name, path in places.items():
            words = [word.replace(f"{{{name}}}", str(path)) for word in words]
        with log.open("wb") as printed:
            # A new session, so that the program's child processes can be killed with it.
            process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=where,
                env=environment_of_programs(),
            )
            try:
                with _ended_with_us(process.pid):
                    status, memory = _watched(process, self.timeout * images)
            except subprocess.TimeoutExpired as error:
                raise ProgramError(f"took more than {self.timeout * images:g} s and was ended") from error
            finally:
                if process.poll() is None:
                    _end_all(process)
        if status != 0:
            reason = f"was ended by signal {-status}" if status < 0 else f"ended with exit status {status}"
            raise ProgramError(reason)
        return memory


def _watched(process: subprocess.Popen[bytes], seconds: float) -> tuple[int, int | None]:
    """Wait for a program; return its exit status and its peak memory in bytes, sampled while it runs."""
    deadline, pause, memory = time.monotonic() + seconds, _SHORTEST_PAUSE, None
    while True:
        memory = max(filter(None, (memory, peak_of_program(process.pid))), default=None)
        try:
            return process.wait(min(pause, max(0.0, deadline - time.monotonic()))), memory
        except subprocess.TimeoutExpired:
            if time.monotonic() >= deadline:
                raise
        pause = min(2 * pause, _LONGEST_PAUSE)


def _end_all(process: subprocess.Popen[bytes]) -> None:
    """Kill a program and all its child processes."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        with suppress(psutil.NoSuchProcess):
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()
        process.kill()
    process.wait()


@contextmanager
def _ended_with_us(group: int) -> Iterator[None]:
    """Kill a process group when this process ends within the block, even if this process is killed.

    A shell waits at a pipe that only this process holds open. The kernel closes the pipe however the process ends, and
    the shell then kills the group. Windows has neither process groups nor that shell; there the program keeps running.
    """
    if not _SHELL.exists():
        yield
        return
    watcher = subprocess.Popen(
        [str(_SHELL), "-c", f"read -r _; kill -s KILL -- -{group}"],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        yield
    finally:
        watcher.kill()
        watcher.communicate()


def end_of(log: Path) -> str:
    """Return the last lines that a program printed, as the end of a sentence."""
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    said = [line.strip() for line in lines if line.strip()][-_LOG_LINES:]
    return f"; it said: {' | '.join(said)}" if said else "; it said nothing"
