"""Options that several commands share, and the functions that interpret their values."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.method import Precision
from realdof.common.errors import InputError

if TYPE_CHECKING:
    from benchmark.running.workers import Workers
    from benchmark.tiling import Tiling

MEASURE, LOOK, KEEP, EXTEND, TOOLS = "Measure", "Look", "Keep", "Extend", "Tools of methods"
"""Groups of commands in ``ifan-bench --help``."""
RESULTS = Path("results")


def names_of(group: str) -> Callable[[str], list[str]]:
    """Return a shell completion over the names of a group of entry points, which are not imported for it."""

    def complete(incomplete: str) -> list[str]:
        from benchmark import registry

        return [name for name in registry.names(f"ifan_bench.{group}") if name.startswith(incomplete)]

    return complete


Results = Annotated[Path, typer.Option("--results", help="The results folder.")]
Root = Annotated[
    Path | None, typer.Option("--root", help="The data set's folder; its own place in the cache if not given.")
]
SubsetFile = Annotated[
    Path | None,
    typer.Option("--subset", help="Text file that lists the scenes to use, one a line: runs on DATASET@LIST."),
]
MethodName = Annotated[
    str, typer.Option("--method", help="See `ifan-bench methods`.", autocompletion=names_of("methods"))
]
DatasetName = Annotated[
    str, typer.Option("--dataset", help="See `ifan-bench datasets`.", autocompletion=names_of("datasets"))
]
ProtocolName = Annotated[
    str | None,
    typer.Option("--protocol", help="The data set's default if not given.", autocompletion=names_of("protocols")),
]
Metrics = Annotated[
    list[str] | None,
    typer.Option("--metrics", help="Comma-separated or given several times, e.g. psnr,ssim,mae; all if not given."),
]
Wide = Annotated[
    bool, typer.Option("--wide", help="Show every column; a table wider than the terminal continues below.")
]
Again = Annotated[bool, typer.Option("--again", help="Compute every image anew, even those that are done.")]
ClaimsPaper = Annotated[
    bool,
    typer.Option("--claims-paper", help="State that the weights are the paper's; tables note it."),
]
Limit = Annotated[
    int | None,
    typer.Option("--limit", min=1, help="Number of images to use, from the first; such a run is never ranked."),
]
Device = Annotated[
    str, typer.Option("--device", help="cpu, cuda, cuda:1, mps; auto is a GPU if there is one, else cpu.")
]
PrecisionName = Annotated[
    Precision, typer.Option("--precision", help="Precision of the computation; part of a run's id.")
]
Weights = Annotated[str | None, typer.Option("--weights", help="official, synthetic, or a file.")]
WorkerCount = Annotated[
    int, typer.Option("--workers", min=1, help="Processes of one thread, an image each; times then stay out of tables.")
]
Cluster = Annotated[
    str | None, typer.Option("--cluster", help="Address of a Dask scheduler to use instead of processes here.")
]
WorkerMemory = Annotated[
    float | None,
    typer.Option("--worker-memory", min=0.5, help="Memory limit of a process, GB; an image needing more fails."),
]
Memory = Annotated[
    str | None,
    typer.Option(
        "--memory",
        help="Memory limit for an image, such as 4G; all free memory if not given. Images that need more are computed "
        "in bands, with the same result.",
    ),
]
Untimed = Annotated[
    bool,
    typer.Option("--untimed", help="Read and score other images while one is computed; times stay out of tables."),
]
RunWord = Annotated[
    str, typer.Argument(metavar="RUN", help="A run: its folder, the first digits of its id, or a method's name.")
]
OnlyDataset = Annotated[
    str | None, typer.Option("--dataset", help="Only runs on this data set.", autocompletion=names_of("datasets"))
]
OnlyProtocol = Annotated[
    str | None, typer.Option("--protocol", help="Only runs under this protocol.", autocompletion=names_of("protocols"))
]


def asked_workers(count: int, cluster: str | None, memory: float | None = None, *, untimed: bool = False) -> "Workers":
    """Return the workers that the options describe; ``memory`` is in GB."""
    from benchmark.running.workers import Workers

    return Workers(count, cluster, None if memory is None else round(memory * 10**9), untimed)


def asked_memory(text: str | None) -> int | None:
    """Return the value of ``--memory`` in bytes; None if it is not given."""
    from benchmark.bands.budget import bytes_of

    return None if text is None else bytes_of(text)


def asked_device(word: str, cluster: str | None = None) -> str:
    """Return torch's name of the device that ``--device`` selects; with a cluster, ``auto`` is the CPU."""
    from benchmark.running.environment import usable_device

    if cluster is None:
        return usable_device(word)
    return "cpu" if word == "auto" else word


def asked_precision(device: str, precision: Precision) -> Precision:
    """Return the precision; if the device only emulates it, print one line with the measured cost."""
    from benchmark.running.precision import warning_of
    from realdof.common.console import say, stderr

    warning = warning_of(device, precision)
    if warning is not None:
        say(warning, before="note:", style="yellow", console=stderr)
    return precision


def asked_metrics(words: Sequence[str] | None) -> tuple[str, ...] | None:
    """Return the names of the metrics, each once; None for all metrics."""
    return tuple(names_in(words)) if words else None


def names_in(words: Sequence[str] | None) -> list[str]:
    """Return the names in a repeatable, comma-separated option, each once."""
    return list(dict.fromkeys(name.strip() for word in words or () for name in word.split(",") if name.strip()))


def asked_tiling(tile: int | None, overlap: int | None) -> "Tiling | None":
    """Return the tiling that ``--tile`` and ``--overlap`` describe, in px."""
    from benchmark.tiling import SAFE_OVERLAP, Tiling

    if tile is None and overlap is not None:
        raise InputError("--overlap belongs to --tile; give both, or neither")
    return None if tile is None else Tiling(tile, SAFE_OVERLAP if overlap is None else overlap)
