"""Studies from one file: run every method on every data set under every protocol, and write all tables."""
