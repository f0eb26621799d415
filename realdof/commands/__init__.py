"""The command line `realdof`, one file a command."""
