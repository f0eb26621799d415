"""The command line `ifan`: deblur photographs, make training data, train, convert and export weights."""

from typing import NoReturn

from ifan.cli.convert import convert
from ifan.cli.deblur import deblur
from ifan.cli.export import export
from ifan.cli.synthesize import synthesize
from ifan.cli.train import train
from realdof.common.console import new_app, run_app
from realdof.common.help_pages import example

PHOTOGRAPHS, TRAINING, WEIGHTS = "Photographs", "Training", "Weights"
"""Groups of commands in ``ifan --help``."""

app = new_app(
    "IFAN: deblur photographs, train, convert weights.",
    "ifan deblur photo.jpg -o sharp.png",
)
app.command(rich_help_panel=PHOTOGRAPHS, epilog=example("ifan deblur photos/ more.arw -o sharp/ --skip-existing"))(
    deblur
)
app.command(
    rich_help_panel=TRAINING,
    epilog=example("ifan synthesize photographs/ data/ && ifan synthesize others/ data/ --split val --count 12"),
)(synthesize)
app.command(
    rich_help_panel=TRAINING,
    epilog=example("ifan train --data data/ --out runs/ifan --steps 14000 --batch 2 --crop 128 --schedule cosine"),
)(train)
app.command(
    rich_help_panel=WEIGHTS,
    epilog=example("ifan convert IFAN.pytorch ifan.safetensors --label 'released by the authors'"),
)(convert)
app.command(rich_help_panel=WEIGHTS, epilog=example("ifan export ifan.onnx --weights synthetic"))(export)


def main() -> NoReturn:
    """Run the command line; raises ``SystemExit`` when it is done."""
    run_app(app)
