"""Tables as Markdown, LaTeX, HTML, CSV and JSON."""
