"""The style sheet that all pages share, as text to put into a page or beside it."""

from functools import cache
from importlib.resources import files


@cache
def style_sheet() -> str:
    """The shared style sheet: colours for light and dark, text, tables, buttons, figures, and how pages print."""
    return files(__package__).joinpath("style.css").read_text(encoding="utf-8")
