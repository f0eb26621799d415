"""The command line `ifan-bench`, one file a command, in a folder a help group."""
