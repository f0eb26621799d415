"""The commands of `realdof`, one module per command."""
