"""The pieces of ``python -m tests.performance``, each a function that gives measurements."""
