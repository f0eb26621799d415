"""``ifan-bench data info``: a data set's card."""

from typing import Annotated

import typer

from benchmark import registry
from benchmark.commands.options import names_of
from realdof.common.console import draw

Name = Annotated[str, typer.Argument(help="See `ifan-bench datasets`.", autocompletion=names_of("datasets"))]


def info(name: Name) -> None:
    """Show a data set's card: layout, counts, sizes, licence, citation, mirrors."""
    from rich.markup import escape
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
    rows += [("how to get it", card.by_hand)]
    for what, value in [*rows, *(("note", note) for note in card.notes)]:
        if value:
            table.add_row(what, escape(value))
    draw(table)
