"""`ifan-bench results ...`, `submit-check`, `published`: commands that keep results."""
