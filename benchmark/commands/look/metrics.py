"""``ifan-bench metrics``: list the metrics."""

from benchmark.commands.options import Wide


def metrics(wide: Wide = False) -> None:
    """List every metric that can score outputs."""
    from benchmark import registry
    from benchmark.commands.tables import print_table
    from benchmark.leaderboards.render.tables import Cell, Table

    rows = [
        (card.name, f"{card.title} {card.arrow}", card.unit, ", ".join(sorted(card.needs)), card.source)
        for card in registry.cards(registry.METRICS)
    ]
    print_table(
        Table(
            "metrics",
            ("name", "title", "unit", "needs", "source"),
            tuple(tuple(Cell(word) for word in row) for row in rows),
            ("With pyiqa installed, pyiqa:NAME is any of its metrics; see docs/explanation/metrics.md.",),
            frozenset(range(5)),
        ),
        wide=wide,
    )
