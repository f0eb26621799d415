"""The command line `ifan`, one file a command."""
