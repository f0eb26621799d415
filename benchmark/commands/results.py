"""``ifan-bench results``, ``submit-check`` and ``published``: what has been measured, kept, sent in and printed."""

from pathlib import Path
from typing import Annotated

import typer

from benchmark import registry
from benchmark.commands.options import Cluster, WorkerCount, asked_workers

app = typer.Typer(help="List, show, merge, export and prune what runs wrote.", no_args_is_help=True)
published_app = typer.Typer(help="The figures that papers print.", no_args_is_help=True)

Results = Annotated[Path, typer.Option("--results", help="The results folder.")]
Dataset = Annotated[str | None, typer.Option("--dataset", help="Only runs on this data set.")]
Protocol = Annotated[str | None, typer.Option("--protocol", help="Only runs under this protocol.")]
DEFAULT = Path("results")


@app.command("list", epilog="Example: ifan-bench results list")
def list_runs(results: Results = DEFAULT, dataset: Dataset = None, protocol: Protocol = None) -> None:
    """List every run: id, what it ran, how far it came."""
    from benchmark.commands.terminal import print_table
    from benchmark.results.choice import every_run
    from benchmark.results.tables import runs_table

    print_table(runs_table(every_run(results, dataset, protocol)), [])


@app.command(epilog="Example: ifan-bench results show ifan --dataset sample")
def show(
    run: Annotated[str, typer.Argument(help="A run: its folder, the first digits of its id, or a method's name.")],
    results: Results = DEFAULT,
    dataset: Dataset = None,
    protocol: Protocol = None,
) -> None:
    """Show one run: what determines its figures, what it was measured with, and every image."""
    from benchmark.commands.terminal import print_table
    from benchmark.results.choice import choose
    from benchmark.results.tables import provenance_table, records_table

    chosen = choose(results, run, dataset, protocol)
    print_table(provenance_table(chosen), [])
    print_table(records_table(chosen), [])


@app.command(epilog="Example: ifan-bench results merge their-results --results results")
def merge(
    source: Annotated[Path, typer.Argument(help="The results folder to take runs from; it stays as it is.")],
    results: Results = DEFAULT,
) -> None:
    """Bring the runs of another results folder into this one; images that are there are kept."""
    from benchmark.results import store as results_store

    for merged in results_store.merge(source, results):
        typer.echo(f"{merged.folder.path}: {merged.records} records and {merged.outputs} outputs brought")


@app.command(epilog="Example: ifan-bench results export --dataset sample --out sample.csv")
def export(
    results: Results = DEFAULT,
    dataset: Dataset = None,
    protocol: Protocol = None,
    format: Annotated[str, typer.Option("--format", help="csv or json.")] = "csv",
    out: Annotated[Path | None, typer.Option("--out", help="File to write; printed if not given.")] = None,
) -> None:
    """Export every record, one row an image, for other programs."""
    from benchmark.results import store as results_store
    from benchmark.results.choice import every_run
    from realdof.common.files import write_text

    if format not in ("csv", "json"):
        raise registry.unknown("format", format, ("csv", "json"))
    rows = results_store.export_rows(every_run(results, dataset, protocol))
    text = results_store.as_csv(rows) if format == "csv" else results_store.as_json(rows)
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_text(out, text)
        typer.echo(f"written: {out}, {len(rows)} rows")


@app.command(epilog="Example: ifan-bench results prune --unfinished")
def prune(
    results: Results = DEFAULT,
    dataset: Dataset = None,
    protocol: Protocol = None,
    unfinished: Annotated[bool, typer.Option("--unfinished", help="Runs that stopped or had failures.")] = False,
    outdated: Annotated[bool, typer.Option("--outdated", help="Runs under an older version of a protocol.")] = False,
    outputs: Annotated[bool, typer.Option("--outputs", help="Output images only; records stay.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Delete; without it only what would go is listed.")] = False,
) -> None:
    """Delete what is not needed: unfinished or outdated runs, or the output images of runs."""
    import shutil

    from benchmark.results import store as results_store
    from benchmark.results.choice import every_run
    from realdof.common.errors import InputError

    if not (unfinished or outdated or outputs):
        raise InputError("say what to prune: --unfinished, --outdated or --outputs")
    runs = every_run(results, dataset, protocol)
    if unfinished or outdated:
        runs = [
            run
            for run in runs
            if (unfinished and results_store.unfinished(run)) or (outdated and results_store.outdated(run))
        ]
    for run in runs:
        place = run.folder.path / "outputs" if outputs else run.folder.path
        if not place.is_dir():
            continue
        megabytes = results_store.size_on_disk(place) / 1e6
        typer.echo(f"{'removed' if yes else 'would remove'} {place} ({run.label}, {megabytes:.1f} MB)")
        if yes and outputs:
            shutil.rmtree(place)
        elif yes:
            results_store.remove_run(run)
    if not yes:
        typer.echo("nothing was removed; give --yes to do it")


@app.command(epilog="Example: ifan-bench results rescore ifan --dataset sample --protocol aligned")
def rescore(
    run: Annotated[str, typer.Argument(help="A run: its folder, the first digits of its id, or a method's name.")],
    protocol: Annotated[str, typer.Option("--protocol", help="The protocol to score under.")],
    results: Results = DEFAULT,
    dataset: Dataset = None,
    of: Annotated[str | None, typer.Option("--of", help="The protocol that the run was under.")] = None,
    root: Annotated[Path | None, typer.Option("--root", help="Where the data set is.")] = None,
    metrics: Annotated[str | None, typer.Option("--metrics", help="Comma-separated; all if not given.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Score every image anew.")] = False,
    workers: WorkerCount = 1,
    cluster: Cluster = None,
) -> None:
    """Score a run's saved outputs under another protocol, without running the method."""
    from benchmark.commands.app import open_task
    from benchmark.commands.terminal import print_summary, showing_progress
    from benchmark.results.choice import choose
    from benchmark.running.rescoring import rescore as score_again

    chosen = choose(results, run, dataset, of)
    task = open_task(chosen.settings["dataset"], protocol, metrics, root, None, None)
    with showing_progress(f"scoring {chosen.label}") as report:
        who = asked_workers(workers, cluster)
        folder, summary = score_again(chosen, task, results, again=again, workers=who, report=report)
    print_summary(folder, summary, task.metrics)


def submit_check(
    folder: Annotated[Path, typer.Argument(help="The results folder to check.")],
    without_outputs: Annotated[
        bool, typer.Option("--without-outputs", help="Do not ask for the output images.")
    ] = False,
) -> None:
    """Check a results folder that is to be submitted; exit status 1 if anything is wrong with it."""
    from benchmark.results.submission import check_submission

    checked = check_submission(folder, needs_outputs=not without_outputs)
    for run in checked:
        typer.echo(f"{'ok' if not run.problems else 'NOT OK'}: {run.label} in {run.path}")
        for problem in run.problems:
            typer.echo(f"  {problem}")
    if any(run.problems for run in checked):
        raise typer.Exit(1)
    typer.echo(f"all is well; merge it with: ifan-bench results merge {folder}")


@published_app.callback()
def published() -> None:
    """The figures that papers print."""


@published_app.command(epilog="Example: ifan-bench published lint")
def lint(
    file: Annotated[Path | None, typer.Argument(help="The file; the package's own if not given.")] = None,
) -> None:
    """Check a file of published figures; exit status 1 if anything is wrong with it."""
    from benchmark.leaderboards import published as figures

    path = file or figures.published_file()
    problems = figures.lint(path)
    for problem in problems:
        typer.echo(problem)
    if problems:
        raise typer.Exit(1)
    typer.echo(f"{path.name}: {len(figures.read_figures(path))} figures, no fault")
