"""The renderer of defocus: lenses, occlusion, layers."""
