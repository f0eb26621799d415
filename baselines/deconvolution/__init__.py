"""Spatially varying deconvolution from a blur map, and its solvers."""
