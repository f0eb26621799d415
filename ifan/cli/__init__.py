"""The command line `ifan`, one file per command."""
