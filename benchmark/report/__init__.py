"""The web page of a leaderboard, and its pictures."""
