"""What every package uses: errors, files, the terminal, processes, downloads, claims, decoding."""
