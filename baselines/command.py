"""The method `command`: any program in any environment, started once an image or once for all of them."""

import hashlib
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from benchmark.method import (
    Architecture,
    Capabilities,
    Context,
    Deblurred,
    Image,
    Method,
    MethodCard,
    Sample,
    WeightsUsed,
)
from benchmark.running.memory import peak_of_program
from realdof.common.errors import InputError
from realdof.images.depth import image_from_pixels, pixels_from_image
from realdof.images.files import read_pixels, write_pixels

_VIEWS = ("input", "left", "right", "output")
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.001, 0.05
"""Seconds between two looks at a running program."""
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
        places = {name for name in (*_VIEWS, *(f"{view}_dir" for view in _VIEWS)) if f"{{{name}}}" in line}
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

    def run(self, places: dict[str, Path], log: Path, images: int = 1) -> int | None:
        """Run it once and wait, as long as so many images may take; what it prints goes to ``log``.

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
                words, stdin=subprocess.DEVNULL, stdout=printed, stderr=subprocess.STDOUT, start_new_session=True
            )
            try:
                with _ended_with_us(process.pid):
                    status, memory = _watched(process, self.timeout * images)
            except subprocess.TimeoutExpired as error:
                raise ProgramError(f"took more than {self.timeout * images:g} s and was ended") from error
            finally:
                if process.poll() is None:
                    with suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
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


@contextmanager
def _ended_with_us(group: int) -> Iterator[None]:
    """While this lasts, a process group ends when this process does, even if it is killed.

    A shell waits at a pipe that only this process holds: the kernel closes it, however the process ends.
    """
    watcher = subprocess.Popen(
        ["/bin/sh", "-c", f"read -r _; kill -s KILL -- -{group}"],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        yield
    finally:
        watcher.kill()
        watcher.communicate()


class Command(Method):
    """Write the images, run the program, read what it wrote."""

    capabilities = Capabilities(in_process=False)

    def __init__(self, card: MethodCard, program: Program, line: str) -> None:
        self.card = card
        self.program = program
        self.weights = WeightsUsed("program", hashlib.sha256(line.encode()).hexdigest(), line)

    def deblur(self, sample: Sample, context: Context) -> Deblurred:
        """Deblur one sample; see ``Method.deblur``.

        Raises
        ------
        ProgramError
            The program failed, took too long, or its output is missing, unreadable or of another size.
        """
        with tempfile.TemporaryDirectory(prefix="ifan-bench-") as name:
            folder = Path(name)
            log = (context.logs or folder) / f"{sample.name}.log"
            log.parent.mkdir(parents=True, exist_ok=True)
            files = _write_inputs(sample, self.program, folder)
            files["output"] = folder / "output" / f"{sample.name}.png"
            files["output"].parent.mkdir(parents=True)
            try:
                memory = self.program.run(files, log)
                image = _read_output(files["output"], sample.image).to(sample.image.device)
                return Deblurred(image, memory=memory)
            except ProgramError as error:
                raise self._told(error, log, context) from error

    def _told(self, error: ProgramError, log: Path, context: Context) -> ProgramError:
        kept = f"; its log is {log}" if context.logs else ""
        return ProgramError(f"{self.program.words[0]} {error}{_end_of(log)}{kept}")


class FolderCommand(Command):
    """Write the images of a whole run, run the program once, then read what it wrote for each."""

    capabilities = Capabilities(in_process=False, at_once=True)

    def __init__(self, card: MethodCard, program: Program, line: str) -> None:
        super().__init__(card, program, line)
        self._started: _Started | None = None

    def deblur(self, sample: Sample, context: Context) -> Deblurred:
        """Deblur one sample; the program is started with the first, for all that the run has yet to do.

        Raises
        ------
        ProgramError
            The program failed or took too long, which fails every image, or this image's output is missing,
            unreadable or of another size.
        """
        if self._started is None or sample.name not in self._started.names:
            self._started = self._start(sample, context)
        began, started = time.perf_counter(), self._started
        started.names.discard(sample.name)
        try:
            image = self._read(sample, started, context)
        finally:
            if not started.names:
                started.folder.cleanup()
        seconds = started.seconds_an_image + time.perf_counter() - began
        return Deblurred(image.to(sample.image.device), seconds=seconds, memory=started.memory)

    def _read(self, sample: Sample, started: "_Started", context: Context) -> Image:
        try:
            if started.error is not None:
                raise started.error
            return _read_output(started.outputs / f"{sample.name}.png", sample.image)
        except ProgramError as error:
            raise self._told(error, started.log, context) from error

    def _start(self, sample: Sample, context: Context) -> "_Started":
        began = time.perf_counter()
        folder = tempfile.TemporaryDirectory(prefix="ifan-bench-")
        inside = Path(folder.name)
        log = (context.logs or inside) / "all-images.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        names = _write_all([sample] if context.upcoming is None else context.upcoming(), self.program, inside)
        if sample.name not in names:
            names = _write_all([sample], self.program, inside)
        places = {f"{view}_dir": inside / view for view in _VIEWS}
        places["output_dir"].mkdir()
        error, memory = None, None
        try:
            memory = self.program.run(places, log, len(names))
        except ProgramError as failure:
            error = failure
        seconds = (time.perf_counter() - began) / len(names)
        return _Started(folder, places["output_dir"], log, names, seconds, memory, error)


@dataclass
class _Started:
    """What one start of a program for many images left.

    Parameters
    ----------
    folder
        Holds inputs and outputs; gone with this object.
    names
        The images whose outputs are still to be read.
    memory
        The program's peak memory in bytes.
    error
        Why all of them failed, if the program did.
    """

    folder: tempfile.TemporaryDirectory[str]
    outputs: Path
    log: Path
    names: set[str]
    seconds_an_image: float
    memory: int | None
    error: ProgramError | None


def _write_all(samples: Iterable[Sample], program: Program, folder: Path) -> set[str]:
    names = set()
    for sample in samples:
        _write_inputs(sample, program, folder)
        names.add(sample.name)
    return names


def _write_inputs(sample: Sample, program: Program, folder: Path) -> dict[str, Path]:
    images = {"input": sample.image, "left": sample.left, "right": sample.right}
    files = {}
    for view, image in images.items():
        if image is None or not program.wants(view):
            continue
        files[view] = folder / view / f"{sample.name}.png"
        write_pixels(files[view], pixels_from_image(image.cpu(), _bits(image)))
    return files


def _bits(image: Image) -> Literal[8, 16]:
    """8 if the image came from 8-bit pixels, which a program is to be given as they were."""
    levels = image * 255
    return 8 if torch.allclose(levels, levels.round(), rtol=0, atol=1e-4) else 16


def _read_output(path: Path, image: Image) -> Image:
    if not path.is_file():
        raise ProgramError(f"wrote no {path.name}")
    try:
        output = image_from_pixels(read_pixels(path))
    except InputError as error:
        raise ProgramError(f"wrote a {path.name} that cannot be read ({error})") from error
    if output.shape != image.shape:
        (height, width), (right_height, right_width) = output.shape[1:], image.shape[1:]
        raise ProgramError(f"wrote a {path.name} of {width}x{height} for an image of {right_width}x{right_height}")
    return output


def _end_of(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    said = [line.strip() for line in lines if line.strip()][-_LOG_LINES:]
    return f"; it said: {' | '.join(said)}" if said else "; it said nothing"


class CommandFactory:
    """The entry point ``command``: without a program until it is given one; see ``benchmark.method.ProgramFactory``."""

    def __init__(self) -> None:
        self.card = MethodCard(
            "command",
            "External program",
            "single",
            'any program in any environment: --exec "python run.py {input} {output}", or {input_dir} {output_dir}',
        )

    def with_program(self, line: str, name: str | None, timeout: float) -> "ProgramMethod":
        """The method that runs this program, ``command`` in tables if it is given no name."""
        return ProgramMethod(line, name or self.card.name, timeout)

    def load(self, weights: str | None = None) -> Method:
        """Raise `InputError`: there is nothing to run."""
        raise InputError('command needs --exec, as in --exec "python run.py {input} {output}"')

    def architecture(self) -> Architecture | None:
        """Unknown."""
        return None


class ProgramMethod:
    """``command`` with its program."""

    def __init__(self, line: str, name: str, timeout: float) -> None:
        self.line = line
        self.program = Program.parse(line, timeout)
        self.card = MethodCard(name, name, self.program.inputs, line)

    def load(self, weights: str | None = None) -> Method:
        """Make the method ready to run.

        Raises
        ------
        InputError
            Weights are given, which a program gets in its own line.
        """
        if weights is not None:
            raise InputError("command takes no --weights; name them in --exec as the program wants it")
        return (FolderCommand if self.program.folders else Command)(self.card, self.program, self.line)

    def architecture(self) -> Architecture | None:
        """Unknown."""
        return None


command = CommandFactory()
