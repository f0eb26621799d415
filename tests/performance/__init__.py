"""Speed and scale, measured: ``python -m tests.performance``."""
