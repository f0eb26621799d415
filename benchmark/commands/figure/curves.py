"""``ifan-bench figure curves``: draw losses and validation figures of trainings."""

from pathlib import Path
from typing import Annotated

import typer

from benchmark.commands.figure.options import FIGURE, Out, told
from benchmark.commands.options import names_in


def curves(
    runs: Annotated[list[Path], typer.Argument(help="Folders of trainings, or their log.csv.")],
    out: Out = FIGURE,
    loss: Annotated[list[str] | None, typer.Option("--loss", help="Comma-separated losses; all if not given.")] = None,
) -> None:
    """Draw the losses and the validation's figures of trainings against the step."""
    from benchmark.report.figures.curves import draw_curves, read_log

    draw_curves([read_log(run) for run in runs], names_in(loss), out)
    told(out)
