"""`ifan-bench run`, `score`, `complexity`, `study`: commands that compute."""
