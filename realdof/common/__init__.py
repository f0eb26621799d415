"""Code shared by all packages: errors, files, the terminal, processes, downloads, claims, decoding."""
