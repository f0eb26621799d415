"""The report page of a built data set, and its pictures."""
