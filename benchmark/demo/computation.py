"""Deblur one photograph in a separate process, which can be killed at any moment and frees all its memory."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from benchmark.demo.pictures import SMALLEST_SIDE, preview, result_name, upright
from realdof.common.errors import InputError

Report = Callable[["Step"], None]
"""Progress callback of a computation."""
_POLL_SECONDS = 0.5


@dataclass(frozen=True)
class Task:
    """A photograph to deblur, and how.

    Parameters
    ----------
    photograph
        A PNG, JPEG or TIFF file.
    folder
        Folder for the results.
    method, weights
        Names; ``weights`` is None for a method without weights.
    device
        A device name of torch.
    memory
        Bytes that the network may use; None for all free memory. Images that need more are computed in bands of rows.
    """

    photograph: Path
    folder: Path
    method: str
    weights: str | None
    device: str = "cpu"
    memory: int | None = None


@dataclass(frozen=True)
class Step:
    """Number of finished parts and of all parts; ``total`` is 0 while it is unknown."""

    done: int = 0
    total: int = 0


@dataclass(frozen=True)
class Result:
    """The pictures to compare, the file to download, the size and the time.

    Parameters
    ----------
    before, after
        JPEG files of one size, the longer side at most `benchmark.demo.pictures.PREVIEW_SIDE` px.
    full
        The result, a PNG with the photograph's size and bit depth.
    height, width
        Size of the upright photograph, px.
    seconds
        Time of the method alone.
    """

    before: Path
    after: Path
    full: Path
    height: int
    width: int
    seconds: float


class Computation:
    """A task that runs in a separate process."""

    def __init__(self, task: Task) -> None:
        context = multiprocessing.get_context("spawn")
        self._receiver, sender = context.Pipe(duplex=False)
        self._process = context.Process(target=_work, args=(sender, task), daemon=True)
        self._process.start()
        sender.close()
        self.stopped = False

    def steps(self) -> Iterator[Step | Result]:
        """Yield progress, at least twice a second, then the result; nothing after `stop`.

        Raises
        ------
        InputError
            The photograph or the method cannot be used, or the process ended without a result.
        """
        latest = Step()
        try:
            while not self.stopped:
                if not self._receiver.poll(_POLL_SECONDS):
                    yield latest
                    continue
                try:
                    message = self._receiver.recv()
                except EOFError:
                    break
                if isinstance(message, str):
                    raise InputError(message)
                yield message
                if isinstance(message, Result):
                    return
                latest = message
            if not self.stopped:
                self._process.join()
                raise InputError(
                    f"the computation ended with exit status {self._process.exitcode} and without a result; with too "
                    "little memory, give the demo --memory or a smaller photograph"
                )
        finally:
            self.stop()

    def stop(self) -> None:
        """Kill the process if it still runs."""
        self.stopped = True
        if self._process.is_alive():
            self._process.kill()
        self._process.join()


def _work(sender: Connection, task: Task) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    from benchmark.running.job import FAILURES

    try:
        sender.send(compute(task, sender.send))
    except InputError as error:
        sender.send(str(error))
    except FAILURES as error:
        sender.send(f"{task.method} failed on this photograph: {type(error).__name__}: {error}")


def _end_with_parent() -> None:
    """Wait for the parent process to end, then exit, so that a killed demo leaves no process behind."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def compute(task: Task, report: Report) -> Result:
    """Read the photograph, deblur it and write the result.

    Raises
    ------
    InputError
        The photograph cannot be read, the weights are not available, or not even the smallest bands fit into memory.
    """
    import torch

    from benchmark import registry
    from benchmark.loading import load_method
    from benchmark.method import Context, Sample
    from benchmark.running.environment import check_device
    from benchmark.running.timing import deblur_timed, ready
    from realdof.images.depth import image_from_pixels, pixels_from_image
    from realdof.images.files import read_pixels, write_pixels
    from realdof.images.headers import read_header

    check_device(task.device)
    pixels = upright(read_pixels(task.photograph), read_header(task.photograph).orientation)
    if min(pixels.shape[:2]) < SMALLEST_SIDE:
        raise InputError(
            f"{task.photograph} has {pixels.shape[1]}x{pixels.shape[0]} px; each side must have {SMALLEST_SIDE} or more"
        )
    context = Context(device=task.device, memory=task.memory, progress=lambda done, total: report(Step(done, total)))
    method = load_method(registry.method(task.method), task.weights)
    ready(method, context)
    with torch.inference_mode():
        measured = deblur_timed(method, Sample("the photograph", image_from_pixels(pixels)), context)
    made = pixels_from_image(measured.result.image, 16 if pixels.dtype.itemsize == 2 else 8)
    task.folder.mkdir(parents=True, exist_ok=True)
    height, width = pixels.shape[:2]
    result = Result(
        task.folder / "before.jpg", task.folder / "after.jpg", task.folder / result_name(task.photograph.name),
        height, width, measured.seconds,
    )  # fmt: skip
    write_pixels(result.full, made)
    write_pixels(result.before, preview(pixels))
    write_pixels(result.after, preview(made))
    return result
