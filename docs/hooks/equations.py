"""Turns equations in LaTeX between lines of $$ into MathML while the site is built: no page fetches a script."""

import re

from latex2mathml.converter import convert

EQUATION = re.compile(r"^\$\$\n(.+?)\n\$\$$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"(?<![\\$`\w])\$([^$\n`]+)\$(?![\w`])")


def on_page_markdown(markdown: str, **_: object) -> str:
    """The page with every equation as MathML; a dollar sign in code is left alone."""
    if "$$" not in markdown:
        return markdown
    markdown = EQUATION.sub(lambda found: f'<div class="equation">{convert(found[1], display="block")}</div>', markdown)
    return INLINE.sub(lambda found: convert(found[1]), markdown)
