"""Simulated captures: rig, views, sensor, scenery, shots and their ground truth."""
