"""Export runs and their records as rows, CSV and JSON for other programs."""

import csv
import io
from collections.abc import Iterable
from typing import Any

from benchmark.results.numbers import as_json as json_of
from benchmark.results.record import Record
from benchmark.results.run import Run


def export_rows(runs: Iterable[Run]) -> list[dict[str, Any]]:
    """Make one row for each image: the run, the result's facts, and every score."""
    return [_row(run, record) for run in runs for record in run.records().values()]


def _row(run: Run, record: Record) -> dict[str, Any]:
    settings = run.settings
    return {
        "run": run.id,
        "method": settings.method,
        "weights": run.weights.name if run.weights else "",
        "dataset": settings.dataset,
        "protocol": settings.protocol,
        "protocol_version": settings.protocol_version,
        "image": record.name,
        "status": record.status,
        "error": record.error or "",
        "seconds": record.seconds,
        "peak_memory": record.peak_memory,
        "device": record.device,
        "workers": record.workers,
        "beside": record.beside,
        "attempt": record.attempt,
        **record.groups,
        **record.scores,
    }


def as_csv(rows: list[dict[str, Any]]) -> str:
    """Write rows as CSV; columns are in the order of their first appearance, missing values are empty."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    file = io.StringIO()
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def as_json(rows: list[dict[str, Any]]) -> str:
    """Write rows as a JSON list; an infinite PSNR becomes the text ``inf``."""
    return json_of(rows, indent=1) + "\n"
