"""Runs on disk: settings, attempts, records, outputs."""
