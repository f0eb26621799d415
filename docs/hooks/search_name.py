"""Names the theme's search dialog for screen readers, which the theme leaves without a name."""

DIALOG = 'data-md-component="search" role="dialog"'


def on_post_page(output: str, **_: object) -> str:
    """The page with a name for the dialog."""
    return output.replace(DIALOG, f'{DIALOG} aria-label="Search"')
