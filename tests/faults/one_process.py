"""What would be rendered by workers is rendered by a thread of the command itself."""

from concurrent.futures import ThreadPoolExecutor


def prepare() -> None:
    """Let `ifan synthesize` start no processes."""
    from ifan.training import synthesis

    synthesis.processes = lambda count: ThreadPoolExecutor(1)  # type: ignore[assignment]
