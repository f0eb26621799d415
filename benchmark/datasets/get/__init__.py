"""Getting a published data set onto this machine."""
