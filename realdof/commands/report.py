"""`realdof report`."""

from pathlib import Path
from typing import Annotated

import typer

from realdof.common.console import say, stderr


def report(out: Annotated[Path, typer.Argument(help="A data set made by realdof build.")]) -> None:
    """Write a web page about a data set: how well each scene is aligned, with pictures to check it by."""
    from realdof.common.progress import progress_bar
    from realdof.dataset.report.page import write_report

    with progress_bar() as bar:
        task = bar.add_task("reporting", total=None, detail="")
        page = write_report(out, lambda done, total: bar.update(task, completed=done, total=total))
    say(f"wrote {page}", console=stderr)
