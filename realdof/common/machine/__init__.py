"""The machine: memory, processors and installed libraries."""
