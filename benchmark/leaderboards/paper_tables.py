"""The paper's own tables with our measured figures beside the printed ones.

Lee et al., CVPR 2021: Tables 1 to 5 of the paper, 1 to 3 of its supplement. The figures are those of `published.csv`;
this module defines the layout: the rows, their labels, and the figures in bold.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmark.leaderboards.column import FIXED_METRICS as METRICS
from benchmark.leaderboards.published import PublishedFigure, every_figure
from benchmark.leaderboards.render.tables import Cell, Table
from benchmark.leaderboards.rows import Row
from realdof.common.errors import InputError

PAPER = "Lee et al., CVPR 2021"
_ALL = (*METRICS, "params_m", "macs_g", "time_s")
_HEADINGS = {
    "psnr": "PSNR ↑", "ssim": "SSIM ↑", "mae": "MAE(×10⁻¹) ↓", "lpips": "LPIPS ↓", "params_m": "Params (M)",
    "macs_g": "MACs (B)", "time_s": "Time (Sec)",
}  # fmt: skip
"""The headings as printed in the paper."""
_MEASURED_DECIMALS = {"psnr": 2, "ssim": 3, "mae": 3, "lpips": 3, "params_m": 2, "macs_g": 1, "time_s": 3}


@dataclass(frozen=True)
class PaperRow:
    """One row: the method's name in `published.csv`, its label in the paper, and the columns printed in bold."""

    method: str
    label: tuple[str, ...]
    bold: tuple[str, ...] = ()


@dataclass(frozen=True)
class PaperTable:
    """One table of the paper.

    Parameters
    ----------
    caption
        Short caption.
    table
        Name of the table in `published.csv`.
    dataset, protocol
        Data set and protocol of its figures.
    labels
        Headings of the label columns.
    columns
        Keys of the printed figures.
    rows
        The rows in the printed order.
    costs_once
        Whether costs are printed only in the first of neighbouring rows with equal costs.
    """

    caption: str
    table: str
    dataset: str
    protocol: str
    labels: tuple[str, ...]
    columns: tuple[str, ...]
    rows: tuple[PaperRow, ...]
    costs_once: bool = False


_COST = ("params_m", "macs_g")
_T2 = (
    PaperRow("input", ("Input",)),
    PaperRow("jnb", ("JNB",)),
    PaperRow("ebdb", ("EBDB",)),
    PaperRow("dmenet", ("DMENet",)),
    PaperRow("dpdnet-s", ("DPDNet_S",)),
)

PAPER_TABLES: Mapping[str, PaperTable] = {
    "1": PaperTable(
        "An ablation study; FP, DME and RBN: filter predictor, disparity map estimator, reblurring network",
        "Table 1", "dpdd", "ifan-cvpr21", ("FP + IAC", "DME", "RBN"), (*METRICS, *_COST),
        (
            PaperRow("ifan-baseline", ("", "", "")),
            PaperRow("ifan-baseline-dme", ("", "✓", "")),
            PaperRow("ifan-fp", ("✓", "", "")),
            PaperRow("ifan-fp-dme", ("✓", "✓", "")),
            PaperRow("ifan-fp-rbn", ("✓", "", "✓")),
            PaperRow("ifan", ("✓", "✓", "✓"), METRICS),
        ),
        costs_once=True,
    ),
    "2": PaperTable(
        "Quantitative comparison with previous defocus deblurring methods", "Table 2", "dpdd", "ifan-cvpr21",
        ("Model",), _ALL,
        (*_T2, PaperRow("dpdnet-d", ("DPDNet_D",)), PaperRow("ifan", ("Ours",), _ALL)),
    ),
    "3": PaperTable(
        "Quantitative evaluation on the RealDOF test set", "Table 3", "realdof", "ifan-cvpr21", ("Model",), METRICS,
        (*_T2, PaperRow("ifan", ("Ours",), METRICS)),
    ),
    "4": PaperTable(
        "Performance and cost with respect to the number of deblurring filters N; RF: receptive field size",
        "Table 4", "dpdd", "ifan-cvpr21", ("N (RF)",), (*METRICS, *_COST),
        (
            PaperRow("ifan-n8", ("8 (17)",), _COST),
            PaperRow("ifan", ("17 (35)",)),
            PaperRow("ifan-n26", ("26 (53)",)),
            PaperRow("ifan-n35", ("35 (71)",)),
            PaperRow("ifan-n44", ("44 (89)",), METRICS),
        ),
    ),
    "5": PaperTable(
        "Quantitative comparison between the FAC and IAC layers", "Table 5", "dpdd", "ifan-cvpr21", ("Module",),
        (*METRICS, *_COST),
        (PaperRow("ifan-fac", ("FAC",)), PaperRow("ifan", ("IAC",), (*METRICS, *_COST))),
    ),
    "s1": PaperTable(
        "Quantitative comparison of 16-bit-based models", "supplement Table 1", "dpdd", "ifan-cvpr21-16bit",
        ("Model",), METRICS,
        (
            PaperRow("dpdnet-d-16bit", ("DPDNet_D-16",)),
            PaperRow("dpdnet-s-16bit", ("DPDNet_S-16",)),
            PaperRow("ifan-16bit", ("Ours_S-16",), METRICS),
        ),
    ),
    "s2": PaperTable(
        "Quantitative comparison of dual-pixel-based models", "supplement Table 2", "dpdd", "ifan-cvpr21",
        ("Model",), METRICS,
        (PaperRow("dpdnet-d", ("DPDNet_D",)), PaperRow("ifan-dual", ("Ours_D",), METRICS)),
    ),
    "s3": PaperTable(
        "Models trained with different noise augmentation levels σ", "supplement Table 3", "dpdd", "ifan-cvpr21",
        ("σ",), METRICS,
        (
            PaperRow("ifan", ("0.07",), ("ssim", "lpips")),
            PaperRow("ifan-noise0.14", ("0.14",)),
            PaperRow("ifan-noise0.21", ("0.21",), ("psnr", "mae")),
        ),
    ),
}  # fmt: skip


def render(name: str, measured: Callable[[str, str], list[Row]]) -> Table:
    """Make one of the paper's tables with a column of our figures beside each of its own.

    Parameters
    ----------
    name
        Key of `PAPER_TABLES`.
    measured
        Function from data set and protocol to the measured rows. Of a method's ranked runs, the one with the published
        weights is shown, else the first; only the published weights get a difference.

    Raises
    ------
    InputError
        The paper has no such table.
    """
    if name not in PAPER_TABLES:
        raise InputError(f"there is no table {name} in the paper; there are {', '.join(PAPER_TABLES)}")
    layout = PAPER_TABLES[name]
    ours: dict[str, Row] = {}
    for row in measured(layout.dataset, layout.protocol):
        chosen = ours.get(row.method)
        if row.ranked and (chosen is None or (row.published_model and not chosen.published_model)):
            ours[row.method] = row
    notes = [_origin(layout)]
    rows = []
    shown_cost: tuple[str, ...] = ()
    for entry in layout.rows:
        figures = printed(entry.method, layout).figures
        cells = [printed_text(column, figures[column]) for column in layout.columns]
        cost = tuple(text for column, text in zip(layout.columns, cells, strict=True) if column in _COST)
        hidden = layout.costs_once and cost == shown_cost
        shown_cost = cost
        labels = [Cell(text) for text in entry.label]
        if entry.method in ours:
            labels[0] = Cell(labels[0].text, notes=_notes_of(ours[entry.method], notes))
        pairs = []
        for column, text in zip(layout.columns, cells, strict=True):
            shown = "" if hidden and column in _COST else text
            pairs += [Cell(shown, "best" if column in entry.bold else None), _our_cell(column, ours.get(entry.method))]
        rows.append((*labels, *pairs))
    headings = [text for column in layout.columns for text in (_HEADINGS[column], "ours")]
    return Table(
        title=f"{layout.table} of {PAPER}: {layout.caption} ({layout.dataset}, protocol {layout.protocol})",
        columns=(*layout.labels, *headings),
        rows=tuple(rows),
        notes=tuple(notes),
        words=frozenset(range(len(layout.labels))),
    )


def printed(method: str, layout: PaperTable) -> PublishedFigure:
    """Return the first figure that the paper prints of a method on the table's data set, from any of its tables."""
    found = [
        figure
        for figure in every_figure()
        if (figure.method, figure.dataset, figure.protocol) == (method, layout.dataset, layout.protocol)
        and figure.source_kind == "paper"
    ]
    return found[0]


def printed_text(column: str, value: float | None) -> str:
    """Format a figure as the paper does: MAE times ten, times with four digits, a dash for None."""
    if value is None:
        return "-"
    if column == "time_s":
        whole = len(str(int(value)))
        return f"{value:.{min(3, 4 - whole)}f}"
    if column == "mae":
        value *= 10
    return f"{value:.{_MEASURED_DECIMALS[column]}f}"


def _our_cell(column: str, row: Row | None) -> Cell:
    value = None if row is None else row.figures.get(column)
    if row is None or value is None:
        return Cell("")
    claim = row.claims.get(column)
    if claim is None:
        return Cell(printed_text(column, value))
    scale = 10 if column == "mae" else 1
    change = f"{scale * claim.difference:+.{_MEASURED_DECIMALS[column]}f}".replace("-", "−")
    return Cell(printed_text(column, value), claim=change, met=claim.met)


def _origin(layout: PaperTable) -> str:
    return (
        f"Figures of {PAPER}, {layout.table}, bold as printed there; beside each, what a whole-image run on all of "
        f"{layout.dataset} measured here, and the difference where it ran with the published weights: "
        "✓ within rounding, ✗ beyond"
    ) + (
        "; the paper's times are on a GeForce RTX 3090, and its 0.014 s cannot be a synchronised float32 time."
        if "time_s" in layout.columns
        else "."
    )


def _notes_of(row: Row, notes: list[str]) -> tuple[int, ...]:
    numbers = []
    for note in (f"{row.method}: {row.source}.", *(f"{row.method}: {remark}." for remark in row.remarks)):
        if note not in notes:
            notes.append(note)
        numbers.append(notes.index(note) + 1)
    return tuple(numbers)
