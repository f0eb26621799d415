"""``ifan-bench datasets``: list the data sets."""


def datasets() -> None:
    """List every data set, ours and those of installed plug-ins, and mark what is on this machine."""
    from benchmark import registry
    from benchmark.commands.terminal import print_datasets

    found = [factory for _, factory in registry.sound(registry.DATASETS)]
    print_datasets([factory.card for factory in found], {factory.card.name for factory in found if factory.is_here()})
