"""The style sheet that all pages share, as text to embed in a page or write beside it."""

from functools import cache
from importlib.resources import files


@cache
def style_sheet() -> str:
    """Return the shared style sheet: light and dark colours, text, tables, buttons, figures and print layout."""
    return files(__package__).joinpath("style.css").read_text(encoding="utf-8")
