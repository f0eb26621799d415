"""The baselines' commands of `ifan-bench`."""
