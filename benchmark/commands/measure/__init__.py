"""`ifan-bench run`, `score`, `complexity`, `reproduce`, `study`: commands that measure methods."""
