"""``ifan-bench data verify``: check a data set's files and the alignment of its pairs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark import registry
from benchmark.commands.data.info import Name
from benchmark.commands.options import Root, SubsetFile
from realdof.common.console import draw, stdout

if TYPE_CHECKING:
    from benchmark.datasets.verify.verification import Verification

WORST_SHOWN = 10


def verify(
    name: Name,
    root: Root = None,
    subset: SubsetFile = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write every scene's row to a CSV file.")] = None,
) -> None:
    """Decode every image, look for duplicates, measure each pair's shift; status 1 if something is wrong."""
    from benchmark.commands.terminal import showing_preparation
    from benchmark.datasets.subset import restrict
    from benchmark.datasets.verify.verification import to_csv
    from benchmark.datasets.verify.verification import verify as verify_dataset
    from realdof.common.files import write_text

    dataset = restrict(registry.dataset(name)(root), subset)
    dataset.prepare()
    with showing_preparation(f"verifying {dataset.card.title}") as report:
        verification = verify_dataset(dataset, report)
    if out is not None:
        write_text(out, to_csv(verification))
    _show(verification, dataset.card.title)
    if any(finding.wrong for finding in verification.findings):
        raise typer.Exit(1)


def _show(verification: "Verification", title: str) -> None:
    from rich.markup import escape
    from rich.table import Table

    shifted = [scene for scene in verification.scenes if scene.shift is not None]
    worst = sorted(shifted, key=lambda scene: -(scene.shift.length if scene.shift else 0))[:WORST_SHOWN]
    if worst:
        table = Table(title=f"{title}: largest shifts of the defocused image against its target")
        for column in ("scene", "size, px", "bits", "x, px", "y, px", "standard error, px", "tiles"):
            table.add_column(column, justify="left" if column == "scene" else "right")
        for scene in worst:
            if scene.shift is not None:
                figures = (f"{scene.shift.x:+.2f}", f"{scene.shift.y:+.2f}", f"{scene.shift.error:.2f}")
                table.add_row(
                    escape(scene.name), f"{scene.width}x{scene.height}", str(scene.bits["image"]), *figures,
                    str(scene.shift.tiles),
                )  # fmt: skip
        draw(table)
    for finding in verification.findings:
        word = "[red]wrong[/]" if finding.wrong else "[yellow]doubtful[/]"
        stdout.print(word, escape(finding.sentence), highlight=False, soft_wrap=True)
    wrong = sum(finding.wrong for finding in verification.findings)
    doubtful = len(verification.findings) - wrong
    stdout.print(
        f"{title}: {len(verification.scenes)} scenes decoded, {wrong} wrong, {doubtful} doubtful", markup=False
    )
