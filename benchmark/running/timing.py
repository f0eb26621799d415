"""What one image costs a method here: time and memory, on an image of noise of a given size."""

from dataclasses import dataclass

import torch

from benchmark.method import Method, Sample
from benchmark.results.run import Record
from benchmark.results.summary import Summary, summarise
from benchmark.running.environment import device_name
from benchmark.running.evaluation import deblur_timed
from benchmark.running.jobs import use_full_precision
from realdof.common.memory import keep_blocks


@dataclass(frozen=True)
class Timing:
    """How long images took, and on what.

    Parameters
    ----------
    method, weights
        Names.
    height, width
        Of the image, px.
    summary
        Median, quartiles, peak memory and device.
    tiling
        How the image was cut; None if it was computed whole.
    """

    method: str
    weights: str
    height: int
    width: int
    summary: Summary
    tiling: str | None


def measure(method: Method, height: int, width: int, repeats: int, device: torch.device) -> Timing:
    """Time a method on one whole image of noise, after once that does not count.

    Making the image and moving it to the device and back is not timed; on CUDA both clocks wait for the device.

    Parameters
    ----------
    method
        Loaded.
    repeats
        How often.

    Raises
    ------
    InputError
        The method cannot run, for want of memory for instance.
    """
    use_full_precision()
    if method.keeps_memory or method.tiling is not None:
        keep_blocks()
    method.to(device)
    views = torch.rand(3, 3, height, width, generator=torch.Generator().manual_seed(0))
    sample = Sample("noise", views[0], views[1], views[2])
    records = []
    with torch.inference_mode():
        deblur_timed(method, sample, device)
        for number in range(repeats):
            _, seconds, memory = deblur_timed(method, sample, device)
            stages = dict(method.stage_seconds)
            records.append(Record(str(number), "ok", {}, seconds, memory, stages=stages, device=device_name(device)))
    tiling = None if method.tiled is None else str(method.tiled)
    weights = method.weights.name if method.weights else ""
    return Timing(method.card.name, weights, height, width, summarise(records, repeats), tiling)
