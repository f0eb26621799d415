"""The method that writes images, runs a program and reads its outputs."""

import hashlib
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from baselines.command.files import read_output, write_all, write_inputs
from baselines.command.program import VIEWS, Program, ProgramError, end_of
from benchmark.method import Capabilities, Context, Deblurred, Image, Method, MethodCard, Sample, WeightsUsed


class Command(Method):
    """A method that runs a program once for each image, with files as input and output."""

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
            files = write_inputs(sample, self.program, folder)
            files["output"] = folder / "output" / f"{sample.name}.png"
            files["output"].parent.mkdir(parents=True)
            try:
                memory = self.program.run(files, log)
                image = read_output(files["output"], sample.image).to(sample.image.device)
                return Deblurred(image, memory=memory)
            except ProgramError as error:
                raise self._told(error, log, context) from error

    def _told(self, error: ProgramError, log: Path, context: Context) -> ProgramError:
        kept = f"; its log is {log}" if context.logs else ""
        return ProgramError(f"{self.program.words[0]} {error}{end_of(log)}{kept}")


class FolderCommand(Command):
    """A method that runs a program once for all images, with folders as input and output."""

    capabilities = Capabilities(in_process=False, at_once=True)

    def __init__(self, card: MethodCard, program: Program, line: str) -> None:
        super().__init__(card, program, line)
        self._started: _Started | None = None

    def deblur(self, sample: Sample, context: Context) -> Deblurred:
        """Deblur one sample; the first call runs the program for all images that the run still has to do.

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
            return read_output(started.outputs / f"{sample.name}.png", sample.image)
        except ProgramError as error:
            raise self._told(error, started.log, context) from error

    def _start(self, sample: Sample, context: Context) -> "_Started":
        began = time.perf_counter()
        folder = tempfile.TemporaryDirectory(prefix="ifan-bench-")
        inside = Path(folder.name)
        log = (context.logs or inside) / "all-images.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        names = write_all([sample] if context.upcoming is None else context.upcoming(), self.program, inside)
        if sample.name not in names:
            names = write_all([sample], self.program, inside)
        places = {f"{view}_dir": inside / view for view in VIEWS}
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
    """One start of a program for many images, and what is still to be read from it.

    Parameters
    ----------
    folder
        Temporary folder of the inputs and outputs; deleted with this object.
    names
        The images whose outputs are still to be read.
    memory
        The program's peak memory in bytes.
    error
        The program's error, which fails every image; None if it succeeded.
    """

    folder: tempfile.TemporaryDirectory[str]
    outputs: Path
    log: Path
    names: set[str]
    seconds_an_image: float
    memory: int | None
    error: ProgramError | None
