"""``ifan-bench protocols``: list the protocols."""

from benchmark.commands.options import Wide


def protocols(wide: Wide = False) -> None:
    """List every protocol under which outputs can be scored."""
    from benchmark import registry
    from benchmark.commands.tables import print_table
    from benchmark.leaderboards.render.tables import Cell, Table

    rows = [
        (protocol.name, str(protocol.version), ", ".join(protocol.metrics), protocol.summary, protocol.source)
        for protocol in registry.cards(registry.PROTOCOLS)
    ]
    print_table(
        Table(
            "protocols",
            ("name", "version", "metrics", "what it is", "source"),
            tuple(tuple(Cell(word) for word in row) for row in rows),
            words=frozenset({0, 2, 3, 4}),
            extra=frozenset({1, 4}),
        ),
        wide=wide,
    )
