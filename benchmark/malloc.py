"""The allocator's setting, for methods and baselines."""

from realdof.malloc import keep_blocks

__all__ = ["keep_blocks"]
