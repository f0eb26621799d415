"""The metrics of the package pyiqa, as ``pyiqa:NAME``."""
