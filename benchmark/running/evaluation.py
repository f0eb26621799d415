"""The evaluator that `run` and `score` share: from one entry of a data set to one record."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

import cv2
import torch

from benchmark.datasets.base import Entry
from benchmark.method import Image, Method, Sample
from benchmark.metrics.base import Metric
from benchmark.protocols import Protocol
from benchmark.results.run import Record
from benchmark.running.environment import device_name
from realdof.common.errors import InputError

WARM_UP_SIDE = 128
"""px of the corner that a method sees once, untimed, before its first image."""
FAILURES = (InputError, RuntimeError, ValueError, ArithmeticError, MemoryError, cv2.error)
"""What may go wrong with one image, so that the others go on."""
NO_ROOM = (MemoryError, cv2.error)
"""What reading and writing raise where there is too little memory."""


@dataclass(frozen=True)
class Evaluator:
    """A protocol with its metrics loaded.

    Parameters
    ----------
    protocol
        How files are read and outputs are scored.
    metrics
        What is measured, by name.
    """

    protocol: Protocol
    metrics: Mapping[str, Metric]

    def run(
        self,
        entry: Entry,
        method: Method,
        device: torch.device,
        turn: AbstractContextManager[object] | None = None,
    ) -> tuple[Record, Image | None]:
        """Deblur one entry and score it.

        Parameters
        ----------
        turn
            Held while the method works, where several threads share it: reading and scoring go on beside.

        Returns
        -------
        Record
            With status ``failed`` and the reason if the method raised or returned something else than an image.
        Image or None
            What the method returned, on the CPU.
        """
        try:
            sample = self.protocol.load_sample(entry)
        except NO_ROOM as error:
            return failed(entry, error), None
        try:
            with turn or nullcontext():
                output, seconds, memory = deblur_timed(method, sample, device)
                stages, tiling = dict(method.stage_seconds), None if method.tiled is None else str(method.tiled)
            scores = self.score(output, sample)
        except FAILURES as error:
            return failed(entry, error), None
        record = Record(
            entry.name, "ok", scores, seconds, memory,
            stages=stages, tiling=tiling, device=device_name(device),
        )  # fmt: skip
        return record, output

    def score(self, output: Image, sample: Sample) -> dict[str, float]:
        """Score an output where there is an all-in-focus image; no scores where there is none."""
        if sample.target is None:
            return {}
        return self.protocol.score(output, sample.target, self.metrics, image=sample.image)


def failed(entry: Entry, error: Exception) -> Record:
    """The record of an image that something went wrong with."""
    return Record(entry.name, "failed", error=f"{type(error).__name__}: {error}")


def deblur_timed(method: Method, sample: Sample, device: torch.device) -> tuple[Image, float, int]:
    """Deblur and measure: the image on the CPU, seconds of the method alone, peak memory in bytes.

    Moving the images to the device and back is not timed; on CUDA both clocks wait for the device.

    Raises
    ------
    ValueError
        The method returned another shape or type than it was given, or values that are not finite.
    """
    there = _on(sample, device)
    wait: Callable[[], object] = torch.cuda.synchronize if device.type == "cuda" else lambda: None
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    wait()
    start = time.perf_counter()
    output = method.deblur(there)
    wait()
    seconds = time.perf_counter() - start if method.seconds is None else method.seconds
    on_cuda = device.type == "cuda" and method.in_process
    memory = torch.cuda.max_memory_allocated(device) if on_cuda else peak_resident_bytes(method.in_process)
    if output.shape != sample.image.shape or not output.is_floating_point():
        raise ValueError(
            f"the method returned {output.dtype} {tuple(output.shape)} for an image of {tuple(sample.image.shape)}"
        )
    result = output.detach().cpu().float()
    if not torch.isfinite(result).all():
        raise ValueError("the method returned values that are not finite")
    return result, seconds, memory


def warm_up(method: Method, sample: Sample, device: torch.device) -> None:
    """Let the method see a corner of an image once, so that the first timed image pays for nothing else."""

    def corner(image: Image) -> Image:
        return image[:, :WARM_UP_SIDE, :WARM_UP_SIDE].contiguous()

    method.deblur(_on(sample.mapped(corner), device))


def _on(sample: Sample, device: torch.device) -> Sample:
    """The sample a method sees: on its device, and without the all-in-focus image."""
    return replace(sample, target=None).mapped(lambda image: image.to(device))


def peak_resident_bytes(in_process: bool = True) -> int:
    """Largest resident set so far of this process, or of any program that it started and that has ended."""
    unit = 1 if sys.platform == "darwin" else 1024
    who = resource.RUSAGE_SELF if in_process else resource.RUSAGE_CHILDREN
    return resource.getrusage(who).ru_maxrss * unit
