"""Pieces of the suite that compare with what a user would take otherwise."""
