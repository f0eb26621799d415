"""The method `command`: any program in any environment, started once an image."""

import hashlib
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from benchmark.method import Architecture, Image, Method, MethodCard, Sample, WeightsUsed
from realdof.errors import InputError
from realdof.images import image_from_pixels, pixels_from_image, read_pixels, write_pixels

_VIEWS = ("input", "left", "right")
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
        The program and its arguments; ``{input}``, ``{left}``, ``{right}`` and ``{output}`` in them become paths.
    timeout
        Seconds that it may take for an image.
    """

    words: tuple[str, ...]
    timeout: float

    @classmethod
    def parse(cls, line: str, timeout: float) -> "Program":
        """Split a command line as a POSIX shell does; no shell is started, so that nothing else of it is heeded.

        Raises
        ------
        InputError
            A quote is not closed, ``{output}`` or every input is missing, or there is no such program.
        """
        try:
            words = tuple(shlex.split(line))
        except ValueError as error:
            raise InputError(f"--exec {line!r} cannot be split into words: {error}") from error
        inputs = [view for view in _VIEWS if f"{{{view}}}" in line]
        if not inputs or "{output}" not in line:
            raise InputError(
                f'--exec {line!r} must name {{input}} (or {{left}}, {{right}}) and {{output}}, as in "python run.py '
                '{input} {output}"'
            )
        if shutil.which(words[0]) is None:
            raise InputError(f"--exec: there is no program {words[0]}; give its path")
        return cls(words, timeout)

    @property
    def inputs(self) -> Literal["single", "dual"]:
        """Whether it wants the dual-pixel views."""
        return "dual" if any(f"{{{view}}}" in word for word in self.words for view in ("left", "right")) else "single"

    def run(self, files: dict[str, Path], log: Path) -> None:
        """Run it once and wait; what it prints goes to ``log``.

        Raises
        ------
        ProgramError
            It took longer than it may, and was ended with all it had started, or its exit status is not 0.
        """
        words = list(self.words)
        for name, path in files.items():
            words = [word.replace(f"{{{name}}}", str(path)) for word in words]
        with log.open("wb") as printed:
            # A session of its own, so that what the program starts can be ended with it.
            process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=printed, stderr=subprocess.STDOUT, start_new_session=True
            )
            try:
                status = process.wait(self.timeout)
            except subprocess.TimeoutExpired as error:
                raise ProgramError(f"took more than {self.timeout:g} s and was ended") from error
            finally:
                if process.poll() is None:
                    with suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
        if status != 0:
            reason = f"was ended by signal {-status}" if status < 0 else f"ended with exit status {status}"
            raise ProgramError(reason)


class Command(Method):
    """Write the images, run the program, read what it wrote."""

    in_process = False

    def __init__(self, card: MethodCard, program: Program, line: str) -> None:
        self.card = card
        self.program = program
        self.weights = WeightsUsed("program", hashlib.sha256(line.encode()).hexdigest(), line)

    def deblur(self, sample: Sample) -> Image:
        """Deblur one sample; see ``Method.deblur``.

        Raises
        ------
        ProgramError
            The program failed, took too long, or its output is missing, unreadable or of another size.
        """
        with tempfile.TemporaryDirectory(prefix="ifan-bench-") as name:
            folder = Path(name)
            log = (self.logs or folder) / f"{sample.name}.log"
            log.parent.mkdir(parents=True, exist_ok=True)
            files = _write_inputs(sample, self.program, folder)
            files["output"] = folder / "output" / f"{sample.name}.png"
            files["output"].parent.mkdir()
            try:
                self.program.run(files, log)
                return _read_output(files["output"], sample.image).to(sample.image.device)
            except ProgramError as error:
                kept = f"; its log is {log}" if self.logs else ""
                raise ProgramError(f"{self.program.words[0]} {error}{_end_of(log)}{kept}") from error


def _write_inputs(sample: Sample, program: Program, folder: Path) -> dict[str, Path]:
    images = {"input": sample.image, "left": sample.left, "right": sample.right}
    files = {}
    for view, image in images.items():
        if image is None or not any(f"{{{view}}}" in word for word in program.words):
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
        raise ProgramError("wrote no {output}")
    try:
        output = image_from_pixels(read_pixels(path))
    except InputError as error:
        raise ProgramError(f"wrote an {{output}} that cannot be read ({error})") from error
    if output.shape != image.shape:
        (height, width), (right_height, right_width) = output.shape[1:], image.shape[1:]
        raise ProgramError(f"wrote an {{output}} of {width}x{height} for an image of {right_width}x{right_height}")
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
            'any program in any environment, once an image: --exec "python run.py {input} {output}"',
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
        return Command(self.card, self.program, self.line)

    def architecture(self) -> Architecture | None:
        """Unknown."""
        return None


command = CommandFactory()
