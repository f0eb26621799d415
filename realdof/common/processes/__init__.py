"""Processes: their identity, claims on folders, locks, and the distribution of work to workers."""
