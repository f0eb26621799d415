"""Raw files: developing, cameras, metadata, containers, writing."""
