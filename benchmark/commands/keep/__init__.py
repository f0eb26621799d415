"""`ifan-bench results ...`, `submit-check`, `published`: commands that manage results."""
