"""The command line `ifan`: deblur photographs, make training data, train, convert and export weights."""

from typing import NoReturn

from ifan.cli.convert import convert
from ifan.cli.deblur import deblur
from ifan.cli.export import export
from ifan.cli.synthesize import synthesize
from ifan.cli.train import train
from realdof.common.console import new_app, run_app
from realdof.common.processes.ending import run_to_the_end

PHOTOGRAPHS, TRAINING, WEIGHTS = "Photographs", "Training", "Weights"
"""Groups of commands in ``ifan --help``."""

app = new_app(
    "IFAN: deblur photographs, train, convert weights.",
    "ifan deblur photo.jpg -o sharp.png",
)
app.command(rich_help_panel=PHOTOGRAPHS, epilog="Example: ifan deblur photos/ more.arw -o sharp/ --skip-existing")(
    deblur
)
app.command(
    rich_help_panel=TRAINING,
    epilog="Example: ifan synthesize photographs/ data/ && ifan synthesize others/ data/ --split val --count 12",
)(synthesize)
app.command(
    rich_help_panel=TRAINING,
    epilog="Example: ifan train --data data/ --out runs/ifan --steps 14000 --batch 2 --crop 128 --schedule cosine",
)(train)
app.command(
    rich_help_panel=WEIGHTS,
    epilog="Example: ifan convert IFAN.pytorch ifan.safetensors --label 'released by the authors'",
)(convert)
app.command(rich_help_panel=WEIGHTS, epilog="Example: ifan export ifan.onnx --weights synthetic")(export)


def main() -> NoReturn:
    """Run the command line; raises ``SystemExit`` when it is done."""
    run_app(app)


def program() -> NoReturn:
    """Entry point of the console script."""
    run_to_the_end(main)
