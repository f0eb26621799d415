"""A cluster simulated from measured pieces."""
