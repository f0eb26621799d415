"""Render tables as Markdown, LaTeX, HTML, CSV and JSON."""
