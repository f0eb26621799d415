"""The options that say who computes, for every command that does."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from benchmark.running.workers import Workers

WorkerCount = Annotated[
    int, typer.Option("--workers", min=1, help="Processes of one thread, an image each; times then stay out of tables.")
]
Cluster = Annotated[
    str | None, typer.Option("--cluster", help="Address of a Dask scheduler to use instead of processes here.")
]
WorkerMemory = Annotated[
    float | None, typer.Option("--worker-memory", min=0.5, help="GB a process may take; an image needing more fails.")
]


def asked_workers(count: int, cluster: str | None, memory: float | None = None) -> "Workers":
    """Who computes, as the options say."""
    from benchmark.running.workers import Workers

    return Workers(count, cluster, None if memory is None else round(memory * 10**9))
