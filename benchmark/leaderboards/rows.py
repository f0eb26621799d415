"""The rows of a leaderboard: one per run, and one per published figure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmark.leaderboards.column import FIXED_METRICS, MACS, MEMORY, PARAMETERS, TIME, Column
from benchmark.leaderboards.notes import remarks_of
from benchmark.leaderboards.published import PublishedFigure
from benchmark.leaderboards.reproduction import Claim, claim_on, claims
from benchmark.leaderboards.statistics import Interval, intervals_by_name
from benchmark.results.record import Record
from benchmark.results.run import Run
from benchmark.results.summary import summarise


@dataclass(frozen=True)
class Row:
    """One row of a leaderboard: a run, or a published figure.

    Parameters
    ----------
    method, dataset, protocol, kind
        As in the CSV file; ``kind`` is ``measured`` or ``published``.
    figures
        Value by the column's key; missing or None if unknown.
    n, total
        Number of images with a result, and in the data set; None for published rows.
    weights, source
        As in the CSV file.
    ranked
        Whether the row is ranked: a measured, complete run on whole images.
    published_model
        Whether this is the model of the published figures: a method without weights, or one with the published weights,
        recognised by SHA-256 or claimed by the user.
    intervals
        Bootstrap interval by the column's key.
    claims
        Measured and published figure by the column's key, if a paper prints this model's figures on this data set under
        this protocol.
    quartiles
        First and third quartile of the time, s; None if the times cannot be compared.
    remarks
        Remarks on this row, one sentence each.
    folder
        Folder of the run; None for published rows.
    """

    method: str
    dataset: str
    protocol: str
    kind: str
    figures: Mapping[str, float | None]
    n: int | None
    total: int | None
    weights: str
    source: str
    ranked: bool = False
    published_model: bool = False
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    claims: Mapping[str, Claim] = field(default_factory=dict)
    quartiles: tuple[float, float] | None = None
    remarks: tuple[str, ...] = ()
    folder: Path | None = None


def measured_row(
    run: Run, records: Mapping[str, Record], metrics: Sequence[Column], printed: Iterable[PublishedFigure] = ()
) -> Row:
    """Make the row of a run.

    Parameters
    ----------
    records
        The run's records, by image.
    metrics
        Columns of the figures to include.
    printed
        Published figures on the same data set under the same protocol, for the difference.
    """
    settings, cost = run.settings, run.complexity
    summary = summarise(records.values(), run.total)
    figures = {column.key: column.measured(summary, records.values()) for column in metrics} | {
        PARAMETERS.key: None if cost is None else cost.parameters / 1e6,
        MACS.key: None if cost is None else cost.macs / 1e9,
        # A time taken beside other images, or a median over several devices, cannot be compared with other times.
        TIME.key: summary.seconds if summary.comparable_times else None,
        MEMORY.key: None if summary.peak_memory is None else summary.peak_memory / 1e9,
    }
    cuts = {record.tiling for record in records.values()} | {settings.tiling}
    tilings = sorted(cut for cut in cuts if cut is not None)
    ranked = summary.complete and not tilings
    published_model = run.weights is None or run.weights.of_paper
    # Papers compute in float32.
    comparable = published_model and ranked and run.description.of_papers and settings.dtype == "float32"
    claimed = claim_on(printed, settings.method, run.method.inputs) if comparable else None
    return Row(
        method=settings.method,
        dataset=settings.dataset,
        protocol=settings.protocol,
        kind="measured",
        figures=figures,
        n=summary.done,
        total=summary.total,
        weights=run.weights.name if run.weights else "",
        source=f"run {run.id}, {'; '.join(summary.devices) or _device(run)}",
        ranked=ranked,
        published_model=published_model,
        intervals=_intervals(records.values(), metrics) if summary.complete else {},
        claims=claims(figures, claimed, metrics, run.method.tolerance) if claimed is not None else {},
        quartiles=summary.quartiles if summary.comparable_times else None,
        remarks=tuple(remarks_of(run, records, summary, tilings, metrics)),
        folder=run.path,
    )


def published_row(figure: PublishedFigure) -> Row:
    """Make the row of a published figure."""
    return Row(
        method=figure.method,
        dataset=figure.dataset,
        protocol=figure.protocol,
        kind="published",
        figures=figure.comparable,
        n=None,
        total=None,
        weights="",
        source=figure.source,
        remarks=tuple(figure.remarks),
    )


def _device(run: Run) -> str:
    attempts = run.attempts or run.description.measured
    return attempts[-1].device if attempts else "an unknown device"


def _intervals(records: Iterable[Record], metrics: Iterable[Column]) -> dict[str, Interval]:
    done = [record.scores for record in records if record.status == "ok"]
    names = [
        column.key
        for column in metrics
        if column.averaged == "images" and done and all(column.key in scores for scores in done)
    ]
    values = {name: [scores[name] for scores in done] for name in names}
    printed = {name: values.pop(name) for name in FIXED_METRICS if name in values}
    # Computed separately, so that other metrics do not change the last digits of those that papers print.
    return intervals_by_name(printed) | intervals_by_name(values)
