"""The command line `realdof`, whose commands are the modules of ``realdof.commands``."""

from typing import NoReturn

from realdof.commands.align import align
from realdof.commands.build import build
from realdof.commands.develop import develop
from realdof.commands.inspect import inspect
from realdof.commands.report import report
from realdof.commands.scan import scan
from realdof.commands.scenes import scenes
from realdof.commands.simulate import simulate
from realdof.commands.verify import verify
from realdof.common.console import new_app, run_app
from realdof.common.help_pages import example

SHOTS, BUILD, LOOK = "Look at shots", "Build pairs", "Look at a data set"
"""Groups of commands in ``realdof --help``."""

app = new_app(
    "Build pairs of defocused and all-in-focus photographs from captures of two cameras, as RealDOF was made.",
    "realdof simulate captures --scenes 2 --size small && realdof build captures out",
)
app.command(rich_help_panel=SHOTS, epilog=example("realdof inspect captures/001/target/A.ARW"))(inspect)
app.command(rich_help_panel=SHOTS, epilog=example("realdof scenes captures"))(scenes)
app.command(rich_help_panel=SHOTS, epilog=example("realdof scan card/ --manifest scenes.csv"))(scan)
app.command(rich_help_panel=SHOTS, epilog=example("realdof develop captures/001/target/A.ARW -o a.png"))(develop)
app.command(rich_help_panel=BUILD, epilog=example("realdof simulate captures --scenes 2 --size small"))(simulate)
app.command(rich_help_panel=BUILD, epilog=example("realdof build captures out --workers 2"))(build)
app.command(rich_help_panel=BUILD, epilog=example("realdof align a.jpg b.jpg -o aligned"))(align)
app.command(rich_help_panel=LOOK, epilog=example("realdof verify out"))(verify)
app.command(rich_help_panel=LOOK, epilog=example("realdof report out"))(report)


def main() -> NoReturn:
    """Run the command line; raises ``SystemExit`` when it is done."""
    run_app(app)
