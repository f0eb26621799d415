"""Pieces of the suite that show how cost grows with images, their size and workers."""
