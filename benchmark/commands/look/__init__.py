"""`ifan-bench methods`, `datasets`, `protocols`, `leaderboard`, `compare` and others: commands that show something."""
