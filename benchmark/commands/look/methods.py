"""``ifan-bench methods``: every method, a line each."""


def methods() -> None:
    """List every method that can be run, ours and those of installed plug-ins."""
    from benchmark import registry
    from benchmark.commands.terminal import print_methods

    print_methods(registry.cards(registry.METHODS))
