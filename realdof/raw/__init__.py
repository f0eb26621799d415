"""Raw files: development, cameras, metadata, containers, writing."""
