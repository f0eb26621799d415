"""The training loop that all networks of this package share."""
