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
    """Score one output against its all-in-focus image, like protocol ``restormer``: whole image, clipped, not rounded.

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
        An image has another type or shape, the sizes differ, or a metric is unknown or needs further images.

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
    """Run a method on a data set and score it, as ``ifan-bench run`` does; a stopped run is continued.

    Parameters
    ----------
    method, dataset, protocol, metrics
        Names; protocol None for the data set's default, metrics None for those of the protocol.
    weights
        A key of the method's card or a file; None for the data set's default.
    root
        The data set's folder; None for its default folder in the cache.
    limit
        Number of images to process, from the first; such a run is not ranked.
    device
        Device as named in torch; ``auto`` uses a GPU if there is one.
    precision
        Type in which the method computes; refused if the method does not support it.
    results
        The results folder.
    workers
        Number of processes that compute images in parallel; with more than 1, times are left out of tables.

    Returns
    -------
    Run
        The run: settings, records and outputs; `load_results` reads its records too.

    Raises
    ------
    InputError
        A name is unknown, the data set is incomplete, the method cannot run on it, or the results cannot be written.
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
    """Read every record of a results folder into a data frame, one row for each image.

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
        every score as float64. Scores are NaN if a run lacks them, and infinite for the PSNR of identical images.

    Raises
    ------
    InputError
        The folder does not exist, or a run in it is damaged.
    """
    frame = pd.DataFrame(export_rows(every_run(Path(results), dataset)))
    groups = [name for name in frame.columns if frame[name].map(lambda value: isinstance(value, str)).any()]
    types = {name: "string" for name in (*WORDS, *groups) if name in frame.columns}
    types |= {name: "Int64" for name in COUNTS if name in frame.columns}
    others = {name: "float64" for name in frame.columns if name not in types}
    return frame.astype(types | others)
