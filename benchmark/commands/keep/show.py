"""``ifan-bench results show``: one run in full."""

from benchmark.commands.options import RESULTS, OnlyDataset, OnlyProtocol, Results, RunWord


def show(run: RunWord, results: Results = RESULTS, dataset: OnlyDataset = None, protocol: OnlyProtocol = None) -> None:
    """Show one run: its settings, its attempts with versions and hardware, and every image."""
    from benchmark.commands.terminal import print_table
    from benchmark.leaderboards.render.runs import provenance_table, records_table
    from benchmark.results.choice import choose

    chosen = choose(results, run, dataset, protocol)
    print_table(provenance_table(chosen), [])
    print_table(records_table(chosen), [])
