"""Compute a whole image with a graph of layers, within a memory limit."""

from collections.abc import Callable

import torch
from torch import Tensor

from benchmark.bands.budget import described, plan_within
from benchmark.bands.graph import Graph
from benchmark.bands.layers import Read


def image_in_bands(
    make: Callable[[Read, int, int], Graph],
    image: Tensor,
    memory: int | None,
    report: Callable[[int, int], None] = lambda done, total: None,
    announce: Callable[[str], None] = lambda plan: None,
) -> Tensor:
    """Compute an image in the largest bands that fit.

    Parameters
    ----------
    make
        Builds the graph, given a function that reads rows of the image, and the image's height and width.
    image
        (1, C, H, W), H and W multiples of the graph's ``multiple``.
    memory
        Bytes that the buffers may take; None for no limit.
    report
        Progress callback (bands done, bands in all).
    announce
        Called with the plan in one line, before the first band.

    Returns
    -------
    Tensor
        (1, C', H, W).

    Raises
    ------
    InputError
        Not even the smallest bands fit.
    """
    height, width = image.shape[-2:]
    graph = make(lambda start, stop: image[:, :, start:stop], height, width)
    plan = plan_within(graph, memory)
    announce(described(plan))
    result = torch.empty((1, graph.last.channels, height, width), dtype=graph.last.dtype, device=image.device)

    def write(start: int, stop: int, rows: Tensor) -> None:
        result[:, :, start:stop] = rows

    graph.run(plan, {graph.last: write}, image.device, report)
    return result
