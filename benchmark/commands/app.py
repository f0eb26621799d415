"""The command line `ifan-bench`: run methods over data sets, score results, print leaderboards."""

from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark import registry
from benchmark.commands import data as data_cli
from benchmark.commands import results as results_cli
from benchmark.commands.compare import compare
from benchmark.commands.leaderboard import leaderboard
from benchmark.commands.options import Cluster, WorkerCount, WorkerMemory, asked_workers
from benchmark.commands.protocols import protocols
from benchmark.commands.study import study
from realdof.common.console import new_app, run_app, stderr
from realdof.common.errors import InputError

if TYPE_CHECKING:
    from benchmark.method import MethodFactory
    from benchmark.running.runner import Task
    from benchmark.running.tiling import Tiling
    from benchmark.running.timing import Timing

app = new_app(
    "Benchmark of single-image defocus deblurring, after IFAN (CVPR 2021).",
    "ifan-bench run --method ifan --dataset sample && ifan-bench leaderboard",
)

Results = Annotated[Path, typer.Option("--results", help="The results folder.")]
Root = Annotated[
    Path | None,
    typer.Option("--root", help="Where the data set is; its own place in the cache if not given."),
]
SubsetFile = Annotated[
    Path | None,
    typer.Option("--subset", help="Only the scenes that a text file lists, one a line: runs on DATASET@LIST."),
]
DatasetName = Annotated[str, typer.Option("--dataset", help="See `ifan-bench datasets`.")]
ProtocolName = Annotated[str | None, typer.Option("--protocol", help="The data set's default if not given.")]
Metrics = Annotated[
    str | None, typer.Option("--metrics", help="Comma-separated, e.g. psnr,ssim,mae; all if not given.")
]
Again = Annotated[bool, typer.Option("--again", help="Compute every image anew, even those that are done.")]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="Only the first so many images; never ranked.")]
DEFAULT_RESULTS = Path("results")
DEFAULT_TIMEOUT = 600.0
"""Seconds that a program may take for an image."""


@app.command(epilog="Example: ifan-bench run --method ifan --dataset sample")
def run(
    method: Annotated[str, typer.Option("--method", help="See `ifan-bench methods`.")],
    dataset: DatasetName = "sample",
    protocol: ProtocolName = None,
    weights: Annotated[str | None, typer.Option("--weights", help="official, synthetic, or a file.")] = None,
    metrics: Metrics = None,
    root: Root = None,
    subset: SubsetFile = None,
    results: Results = DEFAULT_RESULTS,
    device: Annotated[str, typer.Option("--device", help="cpu, cuda, cuda:1 ...")] = "cpu",
    tile: Annotated[
        int | None, typer.Option("--tile", help="Cut images into tiles of this side, px; such a run is not ranked.")
    ] = None,
    overlap: Annotated[
        int | None, typer.Option("--overlap", help="With --tile: px around each tile's core; 520 if not given.")
    ] = None,
    limit: Limit = None,
    again: Again = False,
    workers: WorkerCount = 1,
    cluster: Cluster = None,
    worker_memory: WorkerMemory = None,
    program: Annotated[
        str | None, typer.Option("--exec", help='For --method command, such as "python run.py {input} {output}".')
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="With --exec: the program's name in tables.")] = None,
    timeout: Annotated[
        float | None, typer.Option("--timeout", min=0, help="With --exec: seconds for an image; 600 if not given.")
    ] = None,
) -> None:
    """Run a method over a data set and score it; a run that was stopped, even killed, continues where it was."""
    from benchmark.commands.terminal import print_summary, showing_progress
    from benchmark.running import runner

    factory = with_program(registry.method(method), program, name, timeout)
    if cluster is None:
        check_device(device)
    tiling = asked_tiling(tile, overlap)
    who = asked_workers(workers, cluster, worker_memory)
    task = open_task(dataset, protocol, metrics, root, subset, limit)
    with showing_progress(f"{factory.card.name} on {dataset}") as report:
        folder, summary = runner.run(
            task,
            factory,
            results,
            weights=weights,
            device=device,
            tiling=tiling,
            again=again,
            workers=who,
            report=report,
        )
    print_summary(folder, summary, task.metrics)
    if summary.failed:
        raise typer.Exit(1)


def asked_tiling(tile: int | None, overlap: int | None) -> "Tiling | None":
    """The tiling that ``--tile`` and ``--overlap`` ask for."""
    from benchmark.running.tiling import SAFE_OVERLAP, Tiling

    if tile is None and overlap is not None:
        raise InputError("--overlap belongs to --tile; give both, or neither")
    return None if tile is None else Tiling(tile, SAFE_OVERLAP if overlap is None else overlap)


@app.command(epilog="Example: ifan-bench score my-outputs/ --dataset sample --name my-method")
def score(
    outputs: Annotated[Path, typer.Argument(help="A folder of images named as the data set's, or a run's folder.")],
    name: Annotated[str, typer.Option("--name", help="The method's name in tables.")],
    dataset: DatasetName = "sample",
    protocol: ProtocolName = None,
    metrics: Metrics = None,
    root: Root = None,
    subset: SubsetFile = None,
    results: Results = DEFAULT_RESULTS,
    again: Again = False,
    workers: WorkerCount = 1,
    cluster: Cluster = None,
) -> None:
    """Score results that exist, paired with the data set by name."""
    from benchmark.commands.terminal import print_summary, showing_progress
    from benchmark.running import runner

    task = open_task(dataset, protocol, metrics, root, subset, None)
    with showing_progress(f"scoring {outputs}") as report:
        folder, summary = runner.score(
            task, outputs, name, results, again=again, workers=asked_workers(workers, cluster), report=report
        )
    print_summary(folder, summary, task.metrics)


@app.command(epilog="Example: ifan-bench methods")
def methods() -> None:
    """List every method that can be run, ours and those of installed plug-ins."""
    from benchmark.commands.terminal import print_methods

    print_methods([registry.method(name).card for name in registry.names(registry.METHODS)])


@app.command(epilog="Example: ifan-bench datasets")
def datasets() -> None:
    """List every data set."""
    from benchmark.commands.terminal import print_datasets

    print_datasets([registry.dataset(name).card for name in registry.names(registry.DATASETS)])


@app.command(epilog="Example: ifan-bench complexity --method ifan")
def complexity(
    method: Annotated[str | None, typer.Option("--method", help="Every method with a network if not given.")] = None,
    height: Annotated[int, typer.Option(min=64, help="px; the paper's is 720.")] = 720,
    width: Annotated[int, typer.Option(min=64, help="px; the paper's is 1280.")] = 1280,
    repeats: Annotated[
        int | None, typer.Option("--repeats", min=1, help="Also time the method so often on an image of this size.")
    ] = None,
    weights: Annotated[
        str | None, typer.Option("--weights", help="With --repeats: official, synthetic, a file.")
    ] = None,
    device: Annotated[str, typer.Option("--device", help="With --repeats: cpu, cuda, cuda:1 ...")] = "cpu",
) -> None:
    """Count parameters and multiply-accumulates, under the paper's convention and exactly; with --repeats also time."""
    from benchmark.commands.terminal import print_complexity, print_timing
    from benchmark.complexity import count

    if repeats is not None and method is None:
        raise InputError("--repeats times one method; name it with --method")

    names = [method] if method else registry.names(registry.METHODS)
    found = {name: registry.method(name).architecture() for name in names}
    counted = {name: count(network, height, width) for name, network in found.items() if network is not None}
    if method and not counted and repeats is None:
        raise InputError(f"{method} has no network to count; --repeats 5 times it")
    if counted:
        print_complexity(counted)
    if method and repeats is not None:
        print_timing(time_method(method, weights, height, width, repeats, device))


def time_method(name: str, weights: str | None, height: int, width: int, repeats: int, device: str) -> "Timing":
    """Time a method, by default with weights that are at hand: they do not change what it costs."""
    import torch

    from benchmark.running.timing import measure

    check_device(device)
    factory = registry.method(name)
    keys = factory.card.weights
    chosen = weights or ("synthetic" if "synthetic" in keys else next(iter(keys), None))
    with stderr.status(f"timing {name}"):
        return measure(factory.load(chosen), height, width, repeats, torch.device(device))


def open_task(
    dataset: str, protocol: str | None, metrics: str | None, root: Path | None, subset: Path | None, limit: int | None
) -> "Task":
    """Find the data set, make it ready and check it."""
    from benchmark.commands.terminal import showing_preparation
    from benchmark.datasets.subset import restrict
    from benchmark.running import runner

    found = restrict(registry.dataset(dataset)(root), subset)
    chosen = registry.protocol(protocol or found.card.protocol)
    with showing_preparation(f"making data set {dataset} (once)") as report:
        found.prepare(report)
    wanted = None if metrics is None else tuple(name.strip() for name in metrics.split(",") if name.strip())
    with stderr.status("checking images and loading metrics (the first time LPIPS's weights are fetched, 64 MB)"):
        return runner.prepare(found, chosen, wanted, limit)


def with_program(
    factory: "MethodFactory", program: str | None, name: str | None, timeout: float | None
) -> "MethodFactory":
    """The method with its program, where one is given; raises `InputError` if the method and the options do not fit."""
    from benchmark.method import ProgramFactory

    if program is None:
        if name is not None or timeout is not None:
            raise InputError("--name and --timeout belong to a program; give it with --method command --exec")
        return factory
    if not isinstance(factory, ProgramFactory):
        raise InputError(f"{factory.card.name} runs no program; give --method command with --exec")
    return factory.with_program(program, name, DEFAULT_TIMEOUT if timeout is None else timeout)


def check_device(device: str) -> None:
    """Raise `InputError` if torch does not know the device or cannot use it."""
    import torch

    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(f"device {device} cannot be used here: {reason}") from error


app.add_typer(data_cli.app, name="data")
app.command(epilog="Example: ifan-bench leaderboard --dataset sample --format csv")(leaderboard)
app.command(epilog="Example: ifan-bench compare ifan input --dataset sample")(compare)
app.command(epilog="Example: ifan-bench protocols")(protocols)
app.command(epilog="Example: ifan-bench study study.toml")(study)
app.add_typer(results_cli.app, name="results")
app.add_typer(results_cli.published_app, name="published")
app.command("submit-check", epilog="Example: ifan-bench submit-check their-results")(results_cli.submit_check)
for _point in entry_points(group=registry.COMMANDS):
    app.command(_point.name)(_point.load())


def main() -> None:
    """Entry point of the console script."""
    run_app(app)
