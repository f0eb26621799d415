"""The TOML file of a study: methods, data sets and protocols to run, and tables to write."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field

from benchmark import registry
from benchmark.leaderboards.column import FIXED_METRICS, cost_columns
from benchmark.leaderboards.paper_tables import PAPER_TABLES
from benchmark.leaderboards.render.tables import SUFFIXES
from benchmark.method import Precision
from realdof.common.decode import Strict, read_toml
from realdof.common.errors import InputError


def _named(entry: Any) -> Any:
    """Expand a bare name to the table that it stands for."""
    return {"name": entry} if isinstance(entry, str) else entry


class MethodChoice(Strict):
    """A method, and its weights; None for the data set's default."""

    name: str
    weights: str | None = None


class DatasetChoice(Strict):
    """A data set, and its folder; None for the default folder in the cache."""

    name: str
    root: Annotated[Path | None, Field(strict=False)] = None


Names = Annotated[tuple[str, ...], Field(strict=False, min_length=1)]
"""A non-empty list of names."""
Folder = Annotated[Path, Field(strict=False)]


class Study(Strict):
    """The content of a study's file.

    Parameters
    ----------
    methods, datasets
        Methods to run, and data sets to run them on.
    protocols
        Protocols to run under; None for each data set's own.
    results, tables
        Folders for runs and tables.
    metrics
        Names of metrics; None for those of the protocol.
    device, precision
        As in ``ifan-bench run``.
    formats
        Formats of the tables.
    sort
        Column that orders the leaderboards.
    baseline
        Method with which all others are compared; None for no comparison.
    paper_tables
        Names of the paper's tables to write with the measured figures; ``paper-tables`` in the file.
    limit
        Number of images to process, from the first; such rows are not ranked.
    """

    methods: Annotated[tuple[Annotated[MethodChoice, BeforeValidator(_named)], ...], Field(strict=False, min_length=1)]
    datasets: Annotated[
        tuple[Annotated[DatasetChoice, BeforeValidator(_named)], ...], Field(strict=False, min_length=1)
    ]
    protocols: Names | None = None
    results: Folder = Path("results")
    tables: Folder = Path("tables")
    metrics: Names | None = None
    device: str = "auto"
    precision: Precision = "float32"
    formats: Names = ("csv", "markdown")
    sort: str = "psnr"
    baseline: str | None = None
    paper_tables: Annotated[Names, Field(alias="paper-tables")] = ()
    limit: Annotated[int | None, Field(ge=1)] = None

    def within(self, base: Path) -> Self:
        """Return the same study with relative paths resolved against a folder."""
        datasets = tuple(
            chosen if chosen.root is None else chosen.model_copy(update={"root": base / chosen.root})
            for chosen in self.datasets
        )
        return self.model_copy(
            update={"datasets": datasets, "results": base / self.results, "tables": base / self.tables}
        )


def read_study(path: Path) -> Study:
    """Read and check a study's file; its paths are relative to the file.

    Raises
    ------
    InputError
        The file cannot be read, a key or name is unknown, or a value has the wrong type.
    """
    study = read_toml(path, Study, "see docs/how-to/leaderboards.md").within(path.parent)
    _check_names(study)
    return study


def _check_names(study: Study) -> None:
    """Check that every name is known, before anything is run."""
    for method in study.methods:
        registry.method(method.name)
    for dataset in study.datasets:
        registry.dataset(dataset.name)
        if dataset.root is not None and not dataset.root.is_dir():
            raise InputError(f"there is no folder {dataset.root}; root of {dataset.name} is where that data set lies")
    for protocol in study.protocols or ():
        registry.protocol(protocol)
    sorts = {*FIXED_METRICS, *(cost.key for cost in cost_columns()), *registry.names(registry.METRICS)}
    _check_known("format", study.formats, SUFFIXES)
    _check_known("table of the paper", study.paper_tables, PAPER_TABLES)
    _check_known("column to sort by", [study.sort], {*sorts, *(study.metrics or ())})
    if study.baseline is not None:
        methods = [method.name for method in study.methods]
        _check_known("method of this study to compare with", [study.baseline], methods)


def _check_known(kind: str, values: Iterable[str], known: Iterable[str]) -> None:
    for value in values:
        if value not in known:
            raise registry.unknown(kind, value, known)
