"""Render training patches on the training device: scenes, defocus of real lenses, and degradations of cameras."""
