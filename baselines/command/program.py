"""A command line with places for files, run and watched until it ends."""

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
"""What a program's command line has places for."""
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.001, 0.05
"""Seconds between two looks at a running program."""
_SHELL = Path("/bin/sh")
_LOG_LINES = 3
"""How many of a log's last lines an error repeats."""


class ProgramError(RuntimeError):
    """A program failed on one image: what happened, the end of its log, and where the log is."""


@dataclass(frozen=True)
class Program:
    """A command line with places for files.

    Parameters
    ----------
    words
        The program and its arguments; ``{input}``, ``{left}``, ``{right}`` and ``{output}`` in them become paths of
        files, or with ``_dir`` of folders.
    timeout
        Seconds that it may take for an image.
    folders
        Whether it is started once for all images, with folders.
    """

    words: tuple[str, ...]
    timeout: float
    folders: bool = False

    @classmethod
    def parse(cls, line: str, timeout: float) -> "Program":
        """Split a command line as a POSIX shell does; no shell is started, so that nothing else of it is heeded.

        Raises
        ------
        InputError
            A quote is not closed, ``{output}`` or every input is missing, files and folders are both asked for, or
            there is no such program.
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
        """Whether the command line names a view, ``input``, ``left`` or ``right``, as a file or a folder."""
        return any(f"{{{view}}}" in word or f"{{{view}_dir}}" in word for word in self.words)

    @property
    def inputs(self) -> Literal["single", "dual"]:
        """Whether it wants the dual-pixel views."""
        return "dual" if self.wants("left") or self.wants("right") else "single"

    def run(self, places: dict[str, Path], log: Path, images: int = 1, where: Path | None = None) -> int | None:
        """Run it once and wait, as long as so many images may take; what it prints goes to ``log``.

        Parameters
        ----------
        places
            Path of each place in the words.
        where
            The folder that it is started in; this process's own if not given.

        Returns
        -------
        int or None
            Its peak memory in bytes; None where the system does not tell.

        Raises
        ------
        ProgramError
            It took longer than it may, and was ended with all it had started, or its exit status is not 0.
        """
        words = list(self.words)
        for name, path in places.items():
            words = [word.replace(f"{{{name}}}", str(path)) for word in words]
        with log.open("wb") as printed:
            # A session of its own, so that what the program starts can be ended with it.
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
    """Wait for a program; its exit status and its peak memory in bytes, sampled while it runs."""
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
    """End a program with all that it has started."""
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
    """Within this block a process group ends with this process, even if this one is killed.

    A shell waits at a pipe that only this process holds: the kernel closes it, however the process ends. On Windows,
    which has neither groups nor that shell, a killed process leaves its program running.
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
    """The last lines that a program printed, as the end of a sentence."""
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    said = [line.strip() for line in lines if line.strip()][-_LOG_LINES:]
    return f"; it said: {' | '.join(said)}" if said else "; it said nothing"
