"""Any restoration network that spandrel can load."""
