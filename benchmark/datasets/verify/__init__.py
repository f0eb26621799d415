"""Whether a data set's files are whole and its pairs aligned."""
