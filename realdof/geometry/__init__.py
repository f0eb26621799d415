"""Pixel grids, homographies between them, warps, and the valid region of a warped image."""
