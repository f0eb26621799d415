"""Image files, their headers, bit depths, colour and size."""
