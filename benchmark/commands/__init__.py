"""The command line `ifan-bench`: one file per command, one folder per help group."""
