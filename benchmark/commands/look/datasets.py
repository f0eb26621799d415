"""``ifan-bench datasets``: every data set, a line each."""


def datasets() -> None:
    """List every data set, ours and those of installed plug-ins."""
    from benchmark import registry
    from benchmark.commands.terminal import print_datasets

    print_datasets(registry.cards(registry.DATASETS))
