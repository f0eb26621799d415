"""The pieces of ``python -m tests.performance``, each a module with a function ``measure`` that gives lines."""

import sys
from pathlib import Path

# Modules that tests share; pytest adds the same folders.
sys.path += [str(Path(__file__).parents[2] / room) for room in ("benchmark", "realdof")]
