"""The data sets that papers are evaluated on, one file each, in the layouts they are published in."""
