"""``ifan-bench results show``: show one run in full."""

from benchmark.commands.options import RESULTS, OnlyDataset, OnlyProtocol, Results, RunWord, Wide


def show(
    run: RunWord,
    results: Results = RESULTS,
    dataset: OnlyDataset = None,
    protocol: OnlyProtocol = None,
    wide: Wide = False,
) -> None:
    """Show one run: its settings, its attempts with versions and hardware, and every image."""
    from benchmark.commands.tables import print_table
    from benchmark.leaderboards.render.runs import provenance_table, records_table
    from benchmark.results.choice import choose

    chosen = choose(results, run, dataset, protocol)
    print_table(provenance_table(chosen, wide=wide))
    print_table(records_table(chosen), wide=wide)
