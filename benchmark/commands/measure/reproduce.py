"""``ifan-bench reproduce METHOD``: compare a method with its published figures."""

from typing import Annotated

import typer

from benchmark.commands.options import (
    RESULTS,
    ClaimsPaper,
    Cluster,
    Device,
    OnlyDataset,
    Results,
    Root,
    Weights,
    WorkerCount,
    asked_device,
    asked_workers,
)
from realdof.common.console import stopping
from realdof.common.errors import InputError
from realdof.common.processes.loading import loading


@stopping("images that are done are kept; the same command goes on with the others")
def reproduce(
    method: Annotated[str, typer.Argument(help="See `ifan-bench methods`.")],
    dataset: OnlyDataset = None,
    weights: Weights = None,
    claims_paper: ClaimsPaper = False,
    root: Root = None,
    results: Results = RESULTS,
    device: Device = "auto",
    workers: WorkerCount = 1,
    cluster: Cluster = None,
) -> None:
    """Run a method and compare it with its published figures; exit status 1 if one is not met or not measured."""
    with loading():
        from benchmark import registry
        from benchmark.commands.tables import print_table
        from benchmark.commands.terminal import showing_preparation, showing_progress
        from benchmark.studies.reproduce import published_claims, reproduction_table
        from benchmark.studies.reproduce import reproduce as run_and_compare

    factory = registry.method(method)
    printed = published_claims(factory, dataset)
    if root is not None and len({figure.dataset for figure in printed}) > 1:
        raise InputError("--root is the folder of one data set; name it with --dataset")
    device = asked_device(device, cluster)
    found = run_and_compare(
        factory, printed, results,
        weights=weights, claims_paper=claims_paper, root=root, device=device, workers=asked_workers(workers, cluster),
        watching=showing_progress, showing=showing_preparation,
    )  # fmt: skip
    print_table(reproduction_table(method, found))
    if not all(one.met for one in found):
        raise typer.Exit(1)
