"""A built data set on disk: its layout, manifest, folder, verification and metadata."""
