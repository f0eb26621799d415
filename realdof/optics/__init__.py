"""Rendering of defocus: lenses, occlusion, layers."""
