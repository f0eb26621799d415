"""The commands `ifan-bench data`: get a data set, look at it, know it, split one's own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark import registry
from realdof.common.console import new_app, stderr, stdout

if TYPE_CHECKING:
    from benchmark.datasets.verify.verification import Verification

app = new_app("Data sets: fetch, verify, describe, split.", "ifan-bench data info dpdd")

Name = Annotated[str, typer.Argument(help="See `ifan-bench datasets`.")]
Root = Annotated[Path | None, typer.Option("--root", help="Its folder; its own place in the cache if not given.")]
WORST_SHOWN = 10


@app.command(epilog="Example: ifan-bench data get realdof --from RealDOF.zip --root realdof")
def get(
    name: Name,
    root: Root = None,
    file: Annotated[
        str | None, typer.Option("--from", help="An archive that is here already; or hf://OWNER/NAME/FILE on the hub.")
    ] = None,
    mirror: Annotated[
        list[str] | None,
        typer.Option("--mirror", help="URL or hf://... to use instead of the card's; can be repeated."),
    ] = None,
) -> None:
    """Fetch a published data set, unpack and check it; a download that was stopped goes on where it was."""
    from benchmark.commands.terminal import showing_preparation
    from benchmark.datasets.base import Dataset
    from benchmark.datasets.get.hub import SCHEME
    from benchmark.datasets.get.install import install

    on_hub = [file] if file is not None and file.startswith(SCHEME) else []
    here = None if file is None or on_hub else Path(file)
    factory = registry.dataset(name)
    if factory.card.archive is None and factory.prepare is not Dataset.prepare:
        dataset = factory(root)
        with showing_preparation(f"making data set {name}") as making:
            dataset.prepare(making)
        place = dataset.root
    else:
        with showing_bytes() as report:
            place = install(
                factory, root, file=here, mirrors=(*on_hub, *(mirror or ())), progress=report,
                unpacking=lambda done, total: report("unpacking", done, total),
            )  # fmt: skip
    stdout.print(f"{factory.card.title} is in {place}", highlight=False, soft_wrap=True)


@app.command(epilog="Example: ifan-bench data verify sample")
def verify(
    name: Name,
    root: Root = None,
    subset: Annotated[
        Path | None, typer.Option("--subset", help="Only the scenes that a text file lists, one a line.")
    ] = None,
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


@app.command(epilog="Example: ifan-bench data info dpdd")
def info(name: Name) -> None:
    """Show a data set's card: layout, counts, sizes, licence, citation, mirrors."""
    from rich.table import Table

    from benchmark.datasets.get.install import known_hash

    factory = registry.dataset(name)
    card = factory.card
    table = Table(title=card.title, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    rows = [
        ("what it is", card.summary),
        ("scenes", "" if card.count is None else str(card.count)),
        ("layout", card.layout),
        ("images", card.size),
        ("protocol", card.protocol),
        ("licence", card.licence),
        ("citation", card.citation),
    ]
    if card.archive is not None:
        known = known_hash(card.archive)
        rows += [("archive", card.archive.name), *(("mirror", url) for url in card.archive.mirrors)]
        rows += [
            ("SHA-256", known.sha256 if known else "not known; recorded when it is first fetched"),
            ("place", str(factory.default_root())),
        ]
    for what, value in [*rows, *(("note", note) for note in card.notes)]:
        if value:
            table.add_row(what, value.replace("[", r"\["))
    stdout.print(table)


@app.command(epilog="Example: ifan-bench data split mine --out mine-split --seed 0")
def split(
    folder: Annotated[Path, typer.Argument(help="Pairs: source/ and target/ with the same names.")],
    out: Annotated[Path, typer.Option("--out", help="Where train.txt, val.txt and test.txt go.")],
    seed: Annotated[int, typer.Option("--seed", help="Another seed gives another split.")] = 0,
    val: Annotated[float, typer.Option("--val", min=0, max=1, help="Share; DPDD's by default.")] = 0.15,
    test: Annotated[float, typer.Option("--test", min=0, max=1, help="Share; DPDD's by default.")] = 0.15,
) -> None:
    """List which scenes train, validate and test, by a hash of their names; nothing of yours is moved."""
    from benchmark.datasets.folder import PairedFolder
    from benchmark.datasets.split import split as split_names
    from realdof.common.files import write_text

    names = [entry.name for entry in PairedFolder(folder).entries()]
    for side, chosen in split_names(names, seed, (1 - val - test, val, test)).items():
        head = f"# {side}: {len(chosen)} of {len(names)} scenes, seed {seed}, shares of val and test {val:g}, {test:g}"
        path = out / f"{side}.txt"
        write_text(path, "\n".join([head, *chosen]) + "\n")
        stdout.print(f"{side}: {len(chosen)} scenes, {path}", highlight=False, soft_wrap=True)


@contextmanager
def showing_bytes() -> Iterator[Callable[[str, int, int | None], None]]:
    """A progress bar over bytes."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(TextColumn("{task.description}"), *columns, console=stderr) as bar:
        task = bar.add_task("", total=None, visible=False)

        def report(name: str, done: int, total: int | None) -> None:
            bar.update(task, description=name, completed=done, total=total, visible=True)

        yield report


def _show(verification: "Verification", title: str) -> None:
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
                    scene.name, f"{scene.width}x{scene.height}", str(scene.bits["image"]), *figures,
                    str(scene.shift.tiles),
                )  # fmt: skip
        stdout.print(table)
    for finding in verification.findings:
        word = "[red]wrong[/]" if finding.wrong else "[yellow]doubtful[/]"
        stdout.print(word, finding.sentence.replace("[", r"\["), highlight=False, soft_wrap=True)
    wrong = sum(finding.wrong for finding in verification.findings)
    doubtful = len(verification.findings) - wrong
    stdout.print(f"{title}: {len(verification.scenes)} scenes decoded, {wrong} wrong, {doubtful} doubtful")
