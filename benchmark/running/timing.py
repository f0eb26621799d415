"""Measure time and peak memory of a method, on an image of a run or on noise of a given size."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from benchmark.loading import load_method
from benchmark.method import Context, Deblurred, Image, Method, MethodFactory, Precision, Sample, unheard
from benchmark.results.record import Record
from benchmark.results.summary import Summary, summarise
from benchmark.running.environment import device_name
from benchmark.running.memory import PeakMemory, release_memory
from benchmark.running.requirements import check_precision
from realdof.common.machine.memory import keep_blocks

WARM_UP_SIDE = 128
"""px; side of the image corner on which a method is warmed up."""


@dataclass(frozen=True)
class Measured:
    """A method's result for a sample, with the image on the CPU, time in seconds and peak memory in bytes."""

    result: Deblurred
    seconds: float
    memory: int | None


@dataclass(frozen=True)
class Timing:
    """Times of images, and the device they were taken on.

    Parameters
    ----------
    method, weights
        Names of the method and its weights.
    height, width
        Size of the image, px.
    summary
        Median, quartiles, peak memory and device.
    tiling
        How the image was cut into tiles; None if it was computed whole.
    """

    method: str
    weights: str
    height: int
    width: int
    summary: Summary
    tiling: str | None


def ready(method: Method, context: Context) -> None:
    """Prepare a loaded method for its images, and this process for its measurements."""
    use_full_precision()
    release_memory()
    # Keep memory freed by the metrics, so that page faults do not slow down a timed method.
    if method.capabilities.keeps_memory or context.tiling is not None:
        keep_blocks()
    method.prepare(context)


def use_full_precision() -> None:
    """Disable TF32 on a GPU, which would change figures in the third digit."""
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False


def deblur_timed(method: Method, sample: Sample, context: Context) -> Measured:
    """Deblur and measure the method alone.

    Moving the images to the device and back is not timed; on an accelerator both clocks wait for it.

    Raises
    ------
    TypeError
        The method did not return a ``Deblurred``.
    ValueError
        The output's shape is not the input's, it is not floating point, or it has values that are not finite.
    """
    device = torch.device(context.device)
    there, wait = _on(sample, device), waiting(device)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    wait()
    watched = PeakMemory(method.capabilities.in_process)
    start = time.perf_counter()
    found = method.deblur(there, context)
    wait()
    seconds = time.perf_counter() - start
    memory = watched.bytes()
    if not isinstance(found, Deblurred):
        raise TypeError(f"the method returned {type(found).__name__}; it must return Deblurred(image)")
    if device.type == "cuda" and method.capabilities.in_process:
        memory = torch.cuda.max_memory_allocated(device)
    result = replace(found, image=_checked(found.image, sample.image))
    return Measured(
        result,
        seconds if found.seconds is None else found.seconds,
        memory if found.memory is None else found.memory,
    )


def waiting(device: torch.device) -> Callable[[], None]:
    """Return a function that waits until the device has finished its work."""
    if device.type == "cpu":
        return lambda: None
    return lambda: torch.accelerator.synchronize(device)


def warm_up(method: Method, sample: Sample, context: Context) -> None:
    """Run the method once on a corner of an image, so that the first measured time includes no start-up."""

    def corner(image: Image) -> Image:
        return image[:, :WARM_UP_SIDE, :WARM_UP_SIDE].contiguous()

    quiet = replace(context, announce=unheard)
    method.deblur(_on(sample.mapped(corner), torch.device(context.device)), quiet)


def measure(method: Method, height: int, width: int, repeats: int, context: Context) -> Timing:
    """Time a method on one whole image of noise, after one untimed run.

    Making the image and moving it to the device and back is not timed; on an accelerator both clocks wait for it.

    Parameters
    ----------
    method
        The loaded method.
    repeats
        Number of timed runs.

    Raises
    ------
    InputError
        The method cannot run, for example for lack of memory.
    """
    ready(method, context)
    views = torch.rand(3, 3, height, width, generator=torch.Generator().manual_seed(0))
    sample = Sample("noise", views[0], views[1], views[2])
    name, records = device_name(torch.device(context.device)), []
    with torch.inference_mode():
        cut = deblur_timed(method, sample, context).result.bands
        for number in range(repeats):
            measured = deblur_timed(method, sample, context)
            cut = measured.result.bands
            records.append(
                Record(
                    name=str(number),
                    status="ok",
                    seconds=measured.seconds,
                    peak_memory=measured.memory,
                    stages=measured.result.stages,
                    device=name,
                )
            )
    weights = method.weights.name if method.weights else ""
    return Timing(
        method.card.name, weights, height, width, summarise(records, repeats), None if cut is None else str(cut)
    )


def time_method(
    factory: MethodFactory,
    weights: str | None,
    height: int,
    width: int,
    repeats: int,
    device: str,
    precision: Precision = "float32",
) -> Timing:
    """Load a method and `measure` it; by default with any available weights, because they do not affect the cost."""
    keys = factory.card.weights
    chosen = weights or ("synthetic" if "synthetic" in keys else next(iter(keys), None))
    method = load_method(factory, chosen)
    check_precision(method, precision)
    return measure(method, height, width, repeats, Context(device=device, precision=precision))


def _on(sample: Sample, device: torch.device) -> Sample:
    """Move a sample to the method's device, without the all-in-focus image."""
    return replace(sample, target=None).mapped(lambda image: image.to(device))


def _checked(output: Image, image: Image) -> Image:
    if not isinstance(output, torch.Tensor):
        raise TypeError(f"the method returned an image of type {type(output).__name__}; it must be a torch tensor")
    if output.shape != image.shape or not output.is_floating_point():
        found, given = tuple(output.shape), tuple(image.shape)
        raise ValueError(f"the method returned {output.dtype} {found} for an image of {given}")
    result = output.detach().cpu().float()
    # The extremes of values with a NaN are NaN; they take a fifteenth of the time of looking at each value.
    lowest, highest = torch.aminmax(result)
    if not (torch.isfinite(lowest) and torch.isfinite(highest)):
        raise ValueError("the method returned values that are not finite")
    return result
