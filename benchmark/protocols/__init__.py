"""Evaluation protocols: those of the papers, and ours; `benchmark.registry.protocol` finds them by name."""
