"""The jobs of ``tests/equivalence.py``, the files that they need, and the readers of what they print and write."""
