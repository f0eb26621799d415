"""Any metric of the package pyiqa, as ``pyiqa:NAME``: what is known of it, and measuring with it."""
