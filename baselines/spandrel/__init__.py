"""Methods that run any restoration network that the package spandrel can load."""
