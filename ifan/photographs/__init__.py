"""Read, deblur and write a user's own photographs, keeping format and metadata."""
