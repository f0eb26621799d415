"""Pixel grids, homographies between them, warps, and the region without border."""
