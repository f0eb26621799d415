"""`ifan-bench data ...`: fetch, verify, describe and split data sets."""
