"""Verify that a data set's files are complete and its pairs aligned."""
