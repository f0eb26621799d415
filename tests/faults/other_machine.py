"""Another machine that sees the same files, as far as a process can tell."""

import platform


def prepare() -> None:
    """Let this process be on it."""
    from realdof.common import temporary
    from realdof.common.processes import claim, owner

    platform.node = lambda: "elsewhere"
    owner.this_machine = claim.this_machine = lambda: "elsewhere, another boot"
    temporary._machine.cache_clear()
