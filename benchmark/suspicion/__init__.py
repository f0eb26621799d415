"""Signs that a run or a data set is not what it should be: small measurements, and the sentences that follow."""
