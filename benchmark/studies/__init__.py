"""Studies: one file describes which methods run on which data sets and protocols, and which tables are written."""
