"""What all figures share: fonts that are embedded, colours safe for the colour-blind, and the kinds of file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from realdof.common.errors import InputError
from realdof.common.files import atomic_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH = 7.0
"""Inches: the text of a page in two columns."""
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#7f7f7f")
"""Of Okabe and Ito (2008), told apart with every kind of colour vision; markers differ too."""
MARKERS = "osD^vP*X"
SUFFIXES = (".pdf", ".png", ".svg")
DPI = 300


def drawable(out: Path) -> Path:
    """The file itself, if its suffix is one that figures are drawn in.

    Raises
    ------
    InputError
        It is not.
    """
    if out.suffix.lower() not in SUFFIXES:
        raise InputError(f"{out} cannot be drawn: a figure is {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}")
    return out


def style(number: int) -> dict[str, Any]:
    """Colour and marker of the so-manieth method."""
    return {"color": COLOURS[number % len(COLOURS)], "marker": MARKERS[number % len(MARKERS)]}


@contextmanager
def figure(out: Path, width: float, height: float) -> Iterator["Figure"]:
    """A figure of so many inches, written to ``out`` when the block ends well.

    Raises
    ------
    InputError
        The file is of no kind that is drawn, or cannot be written.
    """
    drawable(out)
    import matplotlib as mpl
    from matplotlib.figure import Figure as New

    # TrueType, which publishers accept; Type 3, the default, they refuse.
    look: dict[Any, Any] = {
        "pdf.fonttype": 42, "svg.fonttype": "path", "font.size": 7.5, "axes.linewidth": 0.6, "savefig.dpi": DPI,
    }  # fmt: skip
    with mpl.rc_context(look):
        made = New(figsize=(width, height))
        yield made
        with atomic_path(out) as temporary:
            made.savefig(temporary)
