"""The page about a built data set, and its pictures."""
