"""``ifan-bench results list``: list the runs in a results folder."""

from benchmark.commands.options import RESULTS, OnlyDataset, OnlyProtocol, Results, Wide


def list_runs(
    results: Results = RESULTS, dataset: OnlyDataset = None, protocol: OnlyProtocol = None, wide: Wide = False
) -> None:
    """List every run: id, method, data set, and how many images are done."""
    from benchmark.commands.tables import print_table
    from benchmark.leaderboards.render.runs import runs_table
    from benchmark.results.choice import every_run

    print_table(runs_table(every_run(results, dataset, protocol)), wide=wide)
