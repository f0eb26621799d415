"""The application `ifan-bench`, assembled from one file per command."""

from collections.abc import Callable
from typing import NoReturn

import typer

from benchmark import registry
from benchmark.commands.data import get, info, split, verify
from benchmark.commands.figure import comparison, curves, plots, psf_grid
from benchmark.commands.keep import export, list_runs, merge, prune, published, rescore, show, submit_check
from benchmark.commands.look import compare, datasets, demo, leaderboard, methods, metrics, protocols, report
from benchmark.commands.measure import complexity, reproduce, run, score, study
from benchmark.commands.options import EXTEND, KEEP, LOOK, MEASURE, TOOLS
from realdof.common.console import new_app, run_app
from realdof.common.help_pages import GroupedCommands, example

app = new_app(
    "Benchmark of single-image defocus deblurring, after IFAN (CVPR 2021).",
    "ifan-bench run --method ifan --dataset sample && ifan-bench leaderboard",
)
data = new_app("Data sets: fetch, verify, describe, split.", "ifan-bench data info dpdd")
figure = new_app(
    "Figures for a paper, as PDF, PNG or SVG.", "ifan-bench figure comparison results -o figure.pdf --dataset sample"
)
results = typer.Typer(
    cls=GroupedCommands, help="List, show, merge, export and prune what runs wrote.", no_args_is_help=True
)
published_figures = typer.Typer(
    cls=GroupedCommands, epilog=example("ifan-bench published --dataset dpdd --input single")
)

COMMANDS: tuple[tuple[typer.Typer, str | None, Callable[..., None], str], ...] = (
    (app, MEASURE, run.run, "run --method ifan --dataset sample"),
    (app, MEASURE, score.score, "score my-outputs/ --dataset sample --name my-method"),
    (app, MEASURE, study.study, "study study.toml"),
    (app, MEASURE, reproduce.reproduce, "reproduce input --dataset dpdd"),
    (app, MEASURE, complexity.complexity, "complexity --method ifan"),
    (app, LOOK, methods.methods, "methods"),
    (app, LOOK, datasets.datasets, "datasets"),
    (app, LOOK, metrics.metrics, "metrics"),
    (app, LOOK, protocols.protocols, "protocols"),
    (app, LOOK, leaderboard.leaderboard, "leaderboard --dataset sample --format csv"),
    (app, LOOK, compare.compare, "compare ifan input --dataset sample"),
    (app, LOOK, report.report, "report results -o site"),
    (app, LOOK, demo.demo, "demo"),
    (app, KEEP, submit_check.submit_check, "submit-check their-results"),
    (data, None, get.get, "data get realdof --from RealDOF.zip --root realdof"),
    (data, None, verify.verify, "data verify sample"),
    (data, None, info.info, "data info dpdd"),
    (data, None, split.split, "data split mine --out mine-split --seed 0"),
    (figure, None, comparison.comparison, "figure comparison results -o figure.pdf --dataset sample"),
    (figure, None, comparison.failures, "figure failures results -o failures.pdf --methods ifan"),
    (figure, None, plots.blur_bands, "figure blur-bands results -o blur.svg"),
    (figure, None, plots.rate, "figure rate results -o rate.png"),
    (figure, None, plots.gains, "figure gains results -o gains.pdf"),
    (figure, None, curves.curves, "figure curves trained -o curves.pdf"),
    (figure, None, psf_grid.psf_grid, "figure psf-grid results -o blur.pdf --count 2"),
    (results, None, list_runs.list_runs, "results list"),
    (results, None, show.show, "results show ifan --dataset sample"),
    (results, None, merge.merge, "results merge their-results --results results"),
    (results, None, export.export, "results export --dataset sample --out sample.csv"),
    (results, None, prune.prune, "results prune --unfinished"),
    (results, None, rescore.rescore, "results rescore ifan --dataset sample --protocol aligned"),
    (published_figures, None, published.lint, "published lint"),
)
"""Each command's parent, its group in the help, its function, and a working example."""

for _app, _group, _function, _example in COMMANDS:
    _name = _example.split()[0 if _app is app else 1]
    _app.command(_name, rich_help_panel=_group, epilog=example(f"ifan-bench {_example}"))(_function)


published_figures.callback(invoke_without_command=True)(published.published)
app.add_typer(figure, name="figure", rich_help_panel=LOOK)
app.add_typer(data, name="data", rich_help_panel=KEEP)
app.add_typer(results, name="results", rich_help_panel=KEEP)
app.add_typer(published_figures, name="published", rich_help_panel=KEEP)


for _name, _command in registry.commands():
    app.command(_name, rich_help_panel=EXTEND if _name.startswith("check-") else TOOLS)(_command)
for _name, _command in registry.figures():
    figure.command(_name, rich_help_panel=EXTEND)(_command)


def main() -> NoReturn:
    """Run the command line; raises ``SystemExit`` when it is done."""
    run_app(app)
