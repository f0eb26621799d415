"""The command line `ifan`: make training data, train, deblur."""
