"""``ifan-bench methods``: list the methods, or show one method's card."""

from typing import Annotated

import typer

from benchmark.commands.options import names_of


def methods(
    name: Annotated[
        str | None, typer.Argument(help="A method, to see its card.", autocompletion=names_of("methods"))
    ] = None,
) -> None:
    """List every method by what it needs before it runs; with a name, show that method's card."""
    from benchmark import registry
    from benchmark.commands.look.method_groups import grouped, how_to_get
    from benchmark.commands.terminal import print_method, print_methods
    from benchmark.leaderboards.published import every_figure

    if name is None:
        print_methods(grouped())
        return
    factory = registry.method(name)
    printed = [figure for figure in every_figure() if figure.method == factory.card.name]
    print_method(name, factory.card, how_to_get(factory), printed)
