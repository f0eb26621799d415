"""Jobs that make tables of results: leaderboards in every format, comparisons, exports, the paper's tables."""

import json
import re

from equivalence_jobs import made
from equivalence_jobs.reading import (
    csv_rows,
    folder_figures,
    latex_rows,
    leaves,
    markdown_rows,
    markdown_tables,
    printed_rows,
    table_figures,
)
from equivalence_jobs.runs import DEFAULT, NOT_SCORES
from equivalence_jobs.workbench import Figures, Job, Work, prefixed

FIXED_COLUMNS = 15
"""Of the leaderboard's CSV; metrics of plug-ins stand after them."""
PAPER_TABLES = ("1", "2", "3", "4", "5", "s1", "s2", "s3")
_TIMES = ("time_s", "time_quartiles", "peak_memory_gb")

_STUDY = """
methods = ["input", {{ name = "ifan", weights = "synthetic" }}]
datasets = ["sample"]
protocols = ["ifan-cvpr21", "aligned"]
metrics = ["psnr", "ssim"]
results = "{results}"
tables = "{tables}"
formats = ["csv", "markdown", "json", "latex"]
sort = "ssim"
baseline = "input"
paper-tables = ["2"]
limit = 2
"""


def leaderboard(protocol: str) -> Job:
    """The leaderboard of a protocol in each format; sorted by PSNR, LPIPS and parameters."""

    def do(work: Work) -> Figures:
        def board(*words: object) -> str:
            places = ("--results", "results", "--out", work.path("tables", "leaderboard", ""))
            return work.bench("leaderboard", "--dataset", "sample", "--protocol", protocol, *places, *words)

        text = board("--format", "csv")
        rows = csv_rows(text)
        for row in rows:
            if row["kind"] == "published":
                row["time"] = row.pop("time_s")
        found: Figures = {"csv columns": ",".join(text.splitlines()[0].split(",")[:FIXED_COLUMNS])}
        found |= prefixed("csv", table_figures(rows, "method", "dataset", "protocol", "kind"))
        for row in rows:
            name = f"{row['method']} {row['dataset']} {row['kind']}"
            found |= {f"csv {name}, all of {word}": row[word] for word in ("n", "total", "weights") if row[word]}
        for kind, read in (("markdown", markdown_rows), ("latex", latex_rows), ("table", printed_rows)):
            found |= prefixed(kind, table_figures(read(board("--format", kind)), "Method", "Kind"))
        for row in json.loads(board("--format", "json"))["rows"]:
            name = f"json {row['method']} {row['dataset']} {row['kind']}"
            found |= prefixed(name, leaves(row, without=_TIMES if row["kind"] == "measured" else ()))
        for column in ("ssim", "mae", "lpips", "params_m", "macs_g"):
            order = table_figures(csv_rows(board("--format", "csv", "--sort", column)), "method", "dataset", "kind")
            found[f"order by {column}"] = order["order"]
        return found

    return Job(f"leaderboard of {protocol}", do, after_runs=True)


def compare(work: Work) -> Figures:
    """Two runs, whole and of unlike numbers of images; with strips of pictures."""
    found: Figures = {}
    for a, b in (("ifan", "input"), ("hyper-laplacian", "ifan"), ("dpdnet-s-w16", "input")):
        words = (a, b, "--dataset", "sample", "--protocol", DEFAULT, "--results", "results", "--top", 3)
        compared = json.loads(work.bench("compare", *words, "--format", "json"))
        for side in ("a", "b"):
            compared.pop(side)
        found |= prefixed(f"{a} - {b} json", leaves(compared, words=("name",)))
        text = work.bench("compare", *words, "--format", "markdown", "--metric", "lpips")
        for at, rows in enumerate(markdown_tables(text)):
            found |= prefixed(f"{a} - {b} table {at}", table_figures(rows))
    strips = work.path("tables", "strips")
    work.bench("compare", "ifan", "input", *words[2:], "--pictures", strips)
    return found | prefixed("strip", folder_figures(strips, "**/*.png"))


def export(work: Work) -> Figures:
    """Every record of the results folder, as CSV."""
    out = work.path("tables", "export.csv")
    work.bench("results", "export", "--results", "results", "--format", "csv", "--out", out)
    rows = csv_rows(out.read_text(encoding="utf-8"))
    found: Figures = {"rows": len(rows)}
    for row in rows:
        name = " ".join(row[word] for word in ("method", "dataset", "protocol", "image"))
        found |= {f"{name} {word}": cell for word, cell in row.items() if word not in NOT_SCORES and cell}
    return found


def paper_tables(work: Work) -> Figures:
    """The paper's own tables as CSV; Table 2 in every format."""
    found: Figures = {}

    def table(name: str, kind: str) -> str:
        return work.bench("leaderboard", "--paper-table", name, "--results", "results", "--format", kind)

    for name in PAPER_TABLES:
        found |= prefixed(f"{name} csv", table_figures(csv_rows(table(name, "csv"))))
    for kind, read in (("markdown", markdown_rows), ("latex", latex_rows)):
        found |= prefixed(f"2 {kind}", table_figures(read(table("2", kind))))
    return found


def complexity(work: Work) -> Figures:
    """Parameters and multiply-accumulates of every network, at the paper's size and at another."""
    found = prefixed("1280x720", table_figures(printed_rows(work.bench("complexity"))))
    other = work.bench("complexity", "--height", 1120, "--width", 1680)
    return found | prefixed("1680x1120", table_figures(printed_rows(other)))


def lists(work: Work) -> Figures:
    """Which methods, data sets and protocols there are."""
    found: Figures = {}
    for kind in ("methods", "datasets", "protocols"):
        # A line of a wrapped row begins with an empty cell.
        names = [row["name"] for row in printed_rows(work.bench(kind)) if row["name"]]
        found |= {f"{kind} {name}": "listed" for name in names}
    return found


def study(work: Work) -> Figures:
    """The tables of a study."""
    tables = work.path("study", "tables")
    file = work.path("study", "study.toml")
    made.program(file, _STUDY.format(results=work.path("study", "results"), tables=tables))
    work.bench("study", file)
    found: Figures = {"files": len(list(tables.rglob("*.*")))}
    readers = {
        ".csv": lambda text: [csv_rows(text)],
        ".md": markdown_tables,
        ".tex": lambda text: [latex_rows(text)],
    }
    for path in sorted(path for path in tables.rglob("*") if path.suffix in readers):
        # The names of comparisons end in the run's id.
        name = re.sub("-[0-9a-f]{12}(?=[.])", "", path.relative_to(tables).as_posix())
        for at, rows in enumerate(readers[path.suffix](path.read_text(encoding="utf-8"))):
            by = [word for word in ("method", "Method", "kind", "Kind") if rows and word in rows[0]]
            found |= prefixed(f"{name} {at}", table_figures(rows, *by))
    return found


def submission(work: Work) -> Figures:
    """Whether the results folder would be taken."""
    return {"exit status": work.run("ifan-bench", "submit-check", "results", statuses=(0, 1))[1]}


JOBS = (
    leaderboard(DEFAULT),
    leaderboard("aligned"),
    leaderboard("blur-stratified"),
    Job("compare", compare, ("run ifan", "run input", "run hyper-laplacian", "run dpdnet-s-w16")),
    Job("results export", export, after_runs=True),
    Job("paper tables", paper_tables, ("run on realdof",)),
    Job("complexity", complexity),
    Job("lists", lists),
    Job("study", study, ("sample",)),
    Job("submit-check", submission, after_runs=True),
)
