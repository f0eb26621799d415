"""A study's TOML file: what is run on what, and which tables are written."""

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
    """A bare name as the table that it stands for."""
    return {"name": entry} if isinstance(entry, str) else entry


class MethodChoice(Strict):
    """A method, and its weights if not the data set's default."""

    name: str
    weights: str | None = None


class DatasetChoice(Strict):
    """A data set, and its folder if not its own place in the cache."""

    name: str
    root: Annotated[Path | None, Field(strict=False)] = None


Names = Annotated[tuple[str, ...], Field(strict=False, min_length=1)]
"""A list of names; an empty one is refused, since it would mean nothing."""
Folder = Annotated[Path, Field(strict=False)]


class Study(Strict):
    """What a study's file says.

    Parameters
    ----------
    methods, datasets
        What is run on what.
    protocols
        Under which protocols; None for each data set's own.
    results, tables
        Where runs and tables are written.
    metrics
        Names of metrics; None for all of a protocol.
    device, precision
        As of ``ifan-bench run``.
    formats
        Formats of the tables.
    sort
        Column that orders the leaderboards.
    baseline
        Method that every other is compared with; None for no comparison.
    paper_tables
        The paper's own tables to print beside; ``paper-tables`` in the file.
    limit
        Only the first so many images; such rows are not ranked.
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
        """The same study with paths relative to a folder."""
        datasets = tuple(
            chosen if chosen.root is None else chosen.model_copy(update={"root": base / chosen.root})
            for chosen in self.datasets
        )
        return self.model_copy(
            update={"datasets": datasets, "results": base / self.results, "tables": base / self.tables}
        )


def read_study(path: Path) -> Study:
    """Read and check a study's file; its paths are relative to it.

    Raises
    ------
    InputError
        It cannot be read, a key or name is unknown, or a value is of another kind.
    """
    study = read_toml(path, Study, "see docs/how-to/leaderboards.md").within(path.parent)
    _check_names(study)
    return study


def _check_names(study: Study) -> None:
    """Every name is known before anything is run."""
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
