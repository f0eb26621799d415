"""The style of all figures: embedded fonts, colours for every kind of colour vision, and file formats."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from realdof.common.errors import InputError
from realdof.common.files import atomic_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH = 7.0
"""Width of the text on a two-column page, inches."""
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#7f7f7f")
"""Colours of Okabe and Ito (2008), which can be distinguished with every kind of colour vision."""
MARKERS = "osD^vP*X"
SUFFIXES = (".pdf", ".png", ".svg")
DPI = 300


def drawable(out: Path) -> Path:
    """Return the path if its suffix is a format of figures, and refuse it otherwise.

    Raises
    ------
    InputError
        The suffix is another one.
    """
    if out.suffix.lower() not in SUFFIXES:
        raise InputError(f"{out} cannot be drawn: a figure is {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}")
    return out


def style(number: int) -> dict[str, Any]:
    """Return the colour and the marker of the method at an index."""
    return {"color": COLOURS[number % len(COLOURS)], "marker": MARKERS[number % len(MARKERS)]}


@contextmanager
def figure(out: Path, width: float, height: float) -> Iterator["Figure"]:
    """Make a matplotlib figure of a size in inches; it is written to ``out`` when the block ends without an error.

    Raises
    ------
    InputError
        The suffix of the file is not a format of figures, or the file cannot be written.
    """
    drawable(out)
    import matplotlib as mpl
    from matplotlib.figure import Figure as New

    # Publishers accept TrueType fonts, but refuse Type 3, the default.
    look: dict[Any, Any] = {
        "pdf.fonttype": 42, "svg.fonttype": "path", "font.size": 7.5, "axes.linewidth": 0.6, "savefig.dpi": DPI,
    }  # fmt: skip
    with mpl.rc_context(look):
        made = New(figsize=(width, height))
        yield made
        with atomic_path(out) as temporary:
            made.savefig(temporary)
