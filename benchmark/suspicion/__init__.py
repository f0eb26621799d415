"""Detect common mistakes in a run or a data set: cheap measurements, and the sentences that follow from them."""
