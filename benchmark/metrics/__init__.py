"""Metrics, one file each, and their cards."""
