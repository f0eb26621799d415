"""Training patches rendered on the training device: photographs, depth, defocus as cameras make it, degradations."""
