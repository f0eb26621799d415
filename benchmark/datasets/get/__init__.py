"""Download and install published data sets."""
