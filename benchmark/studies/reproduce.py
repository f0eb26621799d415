"""Repeat the measurement of a method's published figures, and report for each whether it is reproduced."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from benchmark import registry
from benchmark.leaderboards.column import FIXED_METRICS, metric_columns
from benchmark.leaderboards.published import PublishedFigure, every_figure, published_figures
from benchmark.leaderboards.render.tables import Cell, Table
from benchmark.leaderboards.reproduction import Claim, claim_on
from benchmark.leaderboards.rows import measured_row
from benchmark.loading import load_method
from benchmark.method import MethodFactory
from benchmark.results.run import Run
from benchmark.results.summary import Summary
from benchmark.running import runner
from benchmark.running.task import Showing, open_task, silently
from benchmark.running.workers import ALONE, Workers
from realdof.common.errors import InputError

Watching = Callable[[str], AbstractContextManager[Callable[[runner.Progress], None]]]
"""Function from a run's title to a context manager that shows the run's progress and yields its callback."""


@dataclass(frozen=True)
class Reproduced:
    """The outcome of one published claim: a method on a data set under a protocol.

    Parameters
    ----------
    printed
        The published figures.
    claims
        Measured and published figure by metric; empty if nothing could be measured.
    run
        The run; None if there is none.
    problem
        Why the claim could not be checked; empty if it was.
    """

    printed: PublishedFigure
    claims: Mapping[str, Claim] = field(default_factory=dict)
    run: Run | None = None
    problem: str = ""

    @property
    def met(self) -> bool:
        """Whether every published figure was measured and is reproduced."""
        wanted = {name for name in FIXED_METRICS if self.printed.comparable[name] is not None}
        return bool(wanted) and wanted == self.claims.keys() and all(claim.met for claim in self.claims.values())


def published_claims(factory: MethodFactory, dataset: str | None = None) -> list[PublishedFigure]:
    """Find the published figures of a method, one entry for each data set and installed protocol.

    Raises
    ------
    InputError
        No figure of the method is published, or none on this data set.
    """
    card = factory.card
    places = {(one.dataset, one.protocol) for one in every_figure() if registry.find_protocol(one.protocol) is not None}
    found = [claim_on(published_figures(*place), card.name, card.inputs) for place in sorted(places)]
    claimed = [figure for figure in found if figure is not None]
    chosen = [figure for figure in claimed if dataset in (None, figure.dataset)]
    if not chosen:
        there = ", ".join(sorted({figure.dataset for figure in claimed}))
        where = f" on {dataset}" if dataset else ""
        advice = f"there are figures on {there}" if there else "`ifan-bench published` lists what is"
        raise InputError(f"no figure of {card.name}{where} is published under an installed protocol; {advice}")
    return chosen


def reproduce(
    factory: MethodFactory,
    printed: list[PublishedFigure],
    results: Path,
    *,
    weights: str | None = None,
    claims_paper: bool = False,
    root: Path | None = None,
    device: str = "cpu",
    workers: Workers = ALONE,
    watching: Watching,
    showing: Showing = silently,
) -> list[Reproduced]:
    """Run a method on all data sets with published figures, and compare; results of earlier runs are kept.

    Parameters
    ----------
    printed
        Result of `published_claims`.
    weights
        Key or path; None for the weights that the published figures belong to.
    claims_paper
        Whether the user claims that the weights are the paper's, if their SHA-256 is not in the card.
    root
        The data set's folder, if all claims are on one data set.

    Raises
    ------
    InputError
        The weights are missing, or are not known to be those of the published figures.
    """
    chosen = weights or factory.card.published
    _check_weights(factory, chosen, claims_paper)

    def attempt(figure: PublishedFigure) -> tuple[Run, Summary]:
        task = open_task(figure.dataset, figure.protocol, root=root, showing=showing)
        with watching(f"{factory.card.name} on {figure.dataset}, {figure.protocol}") as report:
            return runner.run(
                task, factory, results,
                weights=chosen, device=device, workers=workers, report=report, claims_paper=claims_paper,
            )  # fmt: skip

    return [_outcome(figure, attempt) for figure in printed]


def reproduction_table(method: str, found: list[Reproduced]) -> Table:
    """Make a table with one row for each published figure."""
    rows, notes = [], []
    for one in found:
        where = (Cell(one.printed.dataset), Cell(one.printed.protocol))
        if one.problem:
            notes.append(f"{one.printed.dataset} under {one.printed.protocol} was not measured: {one.problem}.")
            rows.append((*where, *(Cell() for _ in range(5)), Cell("not measured", notes=(len(notes),))))
            continue
        assert one.run is not None
        columns = metric_columns(one.printed.protocol, one.claims, one.run.columns)
        for column in (column for column in columns if column.key in one.claims):
            claim = one.claims[column.key]
            texts = (
                column.heading,
                column.text(claim.measured),
                column.text(claim.published, published=True),
                column.change(claim.difference),
                f"{claim.tolerance:g}",
            )
            rows.append((*where, *map(Cell, texts), Cell("met ✓" if claim.met else "not met ✗")))
    headings = ("Data set", "Protocol", "Metric", "Measured", "Published", "Difference", "Tolerance", "Verdict")
    notes += sorted({f"Published in {one.printed.source}." for one in found})
    if any(one.run is not None and one.run.weights is not None and one.run.weights.claimed for one in found):
        notes.append("That these are the weights of the published figures is the user's word (--claims-paper).")
    return Table(f"{method}: published and measured", headings, tuple(rows), tuple(notes), frozenset({0, 1, 2, 7}))


def _check_weights(factory: MethodFactory, weights: str | None, claims_paper: bool) -> None:
    """Check, before anything is computed, that the weights are known to be those of the published figures."""
    used = load_method(factory, weights).weights
    if used is None or claims_paper or used.sha256 in factory.card.sha256:
        return
    known = "lists other hashes" if factory.card.sha256 else "knows no hash of them"
    raise InputError(
        f"weights {used.name} of {factory.card.name} (SHA-256 {used.sha256[:12]}) are not known to be those of the "
        f"published figures: its card {known}; if they are, say so with --claims-paper"
    )


def _outcome(printed: PublishedFigure, attempt: Callable[[PublishedFigure], tuple[Run, Summary]]) -> Reproduced:
    """Run one claim and compare; a missing data set is recorded as a problem, and the other claims continue."""
    try:
        run, summary = attempt(printed)
    except InputError as error:
        return Reproduced(printed, problem=str(error))
    if summary.failed:
        name, reason = next(iter(summary.failed.items()))
        return Reproduced(printed, run=run, problem=f"{len(summary.failed)} images failed, {name} with {reason}")
    columns = metric_columns(printed.protocol, summary.scores, run.columns)
    row = measured_row(run, run.records(), columns, [printed])
    problem = "" if row.claims else "it was cut into tiles, or shares no metric with the published figures"
    return Reproduced(printed, row.claims, run, problem)
