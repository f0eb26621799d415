"""A user's own photographs: read, deblurred and written in kind."""
