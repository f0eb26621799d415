"""Compose random 3-D scenes for training and render them with depth, using POV-Ray."""
