"""``ifan-bench data get``: fetch a published data set."""

from pathlib import Path
from typing import Annotated

import typer

from benchmark import registry
from benchmark.commands.data.info import Name
from benchmark.commands.options import Root
from realdof.common.console import stdout, stopping


@stopping("what was fetched is kept; the same command goes on there")
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
    from benchmark.commands.terminal import print_start, showing_bytes, showing_preparation
    from benchmark.datasets.base import Dataset
    from benchmark.datasets.get.hub import SCHEME
    from benchmark.datasets.get.install import install

    on_hub = [file] if file is not None and file.startswith(SCHEME) else []
    here = None if file is None or on_hub else Path(file)
    factory = registry.dataset(name)
    card = factory.card
    if card.archive is None and not card.by_hand and factory.prepare is not Dataset.prepare:
        dataset = factory(root)
        with showing_preparation(f"making data set {name}") as making:
            dataset.prepare(making)
        place = dataset.root
    else:
        with showing_bytes() as report:
            place = install(
                factory, root, file=here, mirrors=(*on_hub, *(mirror or ())), progress=report,
                unpacking=lambda done, total: report("unpacking", done, total), starting=print_start,
            )  # fmt: skip
    stdout.print(f"{factory.card.title} is in {place}", highlight=False, soft_wrap=True, markup=False)
