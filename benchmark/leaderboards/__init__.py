"""Make tables and comparisons from runs and published figures; no image is computed."""
