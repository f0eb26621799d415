"""Scoring, running and reading results in one call each, for notebooks and scripts."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from benchmark import registry
from benchmark.method import Precision
from benchmark.metrics.base import MetricInputs, score_by
from benchmark.results.choice import every_run
from benchmark.results.export import export_rows
from benchmark.results.run import Run
from benchmark.running import runner
from benchmark.running.environment import usable_device
from benchmark.running.task import open_task
from benchmark.running.workers import Workers
from realdof.common.errors import InputError
from realdof.images.arrays import image_from_array

WORDS = ("run", "method", "weights", "dataset", "protocol", "image", "status", "error", "device")
COUNTS = ("protocol_version", "peak_memory", "workers", "attempt")
RESULTS = Path("results")


def score(output: Any, target: Any, metrics: Iterable[str] = ("psnr", "ssim", "mae", "lpips")) -> dict[str, float]:
    """Score one output against its all-in-focus image, as protocol ``restormer`` does: whole, clipped, not rounded.

    Parameters
    ----------
    output, target
        Arrays (H, W, 3), RGB, sRGB-encoded, uint8, uint16 or floating point in [0, 1]; or tensors (3, H, W) of these
        types. A floating-point output may leave [0, 1] and is clipped.
    metrics
        Names of installed metrics that need no defocused image; see ``ifan-bench metrics``.

    Returns
    -------
    dict
        Value by metric; PSNR in dB, infinite for identical images.

    Raises
    ------
    InputError
        An image is of another kind, the sizes differ, or a metric is unknown or needs more than these images.

    Examples
    --------
    >>> import benchmark, skimage.data
    >>> sharp = skimage.data.coffee()
    >>> benchmark.score(sharp, sharp, metrics=["psnr", "mae"])
    {'psnr': inf, 'mae': 0.0}
    """
    image, truth = image_from_array(output, "the output", unclipped=True), image_from_array(target, "the target")
    if image.shape != truth.shape:
        found, wanted = (f"{one.shape[2]}x{one.shape[1]}" for one in (image, truth))
        raise InputError(f"the output is {found} and the target {wanted}; they must have one size")
    chosen = {name: registry.metric(name) for name in metrics}
    for name, metric in chosen.items():
        if beyond := metric.card.needs - {"output", "target"}:
            raise InputError(f"{name} needs the {', '.join(sorted(beyond))} too; score a run with ifan-bench instead")
    try:
        return score_by(chosen, MetricInputs(image.clamp(0, 1).cpu(), truth.cpu(), None))
    except ValueError as error:
        raise InputError(f"these images cannot be scored: {error}") from error


def run(
    method: str,
    dataset: str = "sample",
    *,
    protocol: str | None = None,
    metrics: Iterable[str] | None = None,
    weights: str | Path | None = None,
    root: str | Path | None = None,
    limit: int | None = None,
    device: str = "auto",
    precision: Precision = "float32",
    results: str | Path = RESULTS,
    workers: int = 1,
) -> Run:
    """Run a method over a data set and score it, as ``ifan-bench run`` does; a run that was stopped continues.

    Parameters
    ----------
    method, dataset, protocol, metrics
        Names; None for the data set's own protocol, and for all metrics of a protocol.
    weights
        A key of the method's card or a file; None for the data set's default.
    root
        The data set's folder; None for its own place in the cache.
    limit
        Only the first so many images; such a run is not ranked.
    device
        As torch names it; ``auto`` takes a GPU if there is one.
    precision
        What the method computes in; refused where it cannot.
    results
        The results folder.
    workers
        Processes that compute images beside each other; their times stay out of tables.

    Returns
    -------
    Run
        What `load_results` reads too: settings, records, outputs.

    Raises
    ------
    InputError
        A name is unknown, the data set is not whole, the method cannot run on it, or the results cannot be written.
    """
    where = usable_device(device)
    task = open_task(
        dataset,
        protocol,
        None if metrics is None else tuple(metrics),
        root=None if root is None else Path(root),
        limit=limit,
    )
    done, _ = runner.run(
        task,
        registry.method(method),
        Path(results),
        weights=None if weights is None else str(weights),
        device=where,
        precision=precision,
        workers=Workers(workers),
    )
    return done


def load_results(results: str | Path = RESULTS, dataset: str | None = None) -> pd.DataFrame:
    """Every record of a results folder as a frame, one row an image.

    Parameters
    ----------
    results
        The results folder.
    dataset
        Only the runs on this data set; None for all.

    Returns
    -------
    DataFrame
        Run, method, weights, data set, protocol and image as strings; counts as Int64; seconds, memory in bytes and
        every score as float64, NaN where a run has no such score, infinity for the PSNR of identical images.

    Raises
    ------
    InputError
        There is no such folder, or a run in it is damaged.
    """
    frame = pd.DataFrame(export_rows(every_run(Path(results), dataset)))
    groups = [name for name in frame.columns if frame[name].map(lambda value: isinstance(value, str)).any()]
    types = {name: "string" for name in (*WORDS, *groups) if name in frame.columns}
    types |= {name: "Int64" for name in COUNTS if name in frame.columns}
    others = {name: "float64" for name in frame.columns if name not in types}
    return frame.astype(types | others)
