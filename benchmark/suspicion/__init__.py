"""Detect common mistakes in a run or a data set: cheap measurements, and the warnings that follow from them."""
