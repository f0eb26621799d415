"""Runs on disk: settings, attempts, records and outputs."""
