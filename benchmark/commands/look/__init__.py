"""`ifan-bench methods`, `datasets`, `protocols`, `leaderboard`, `compare`: commands that show what there is."""
