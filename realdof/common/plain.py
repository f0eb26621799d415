"""Make text from files and other programs safe to print: no control characters, at most one line."""

import unicodedata

_STEERING = (
    *range(9),
    *range(11, 32),
    *range(127, 160),
    0x200E,
    0x200F,
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
)
"""Control characters other than tab and line feed, and those that change the direction of text."""
_PLAIN = dict.fromkeys(_STEERING, "\N{REPLACEMENT CHARACTER}")


_QUOTED = 80
"""Largest number of characters of a name that a message quotes; names in archives and lists may be very long."""


def quoted(name: object) -> str:
    """Quote a name from a file for a message: in quotation marks, shortened, with control characters escaped."""
    text = str(name)
    return repr(text) if len(text) <= _QUOTED else f"{text[:_QUOTED]!r}..."


def composed(name: str) -> str:
    """Return a name with composed accents (Unicode NFC); some systems and archives write accents separately."""
    return unicodedata.normalize("NFC", name)


def plain(text: str) -> str:
    """Return the text with each character that steers a terminal replaced by a replacement character."""
    # Nearly all texts are printable ASCII, and asking takes a tenth of the time of translating.
    return text if text.isascii() and text.isprintable() else text.translate(_PLAIN)
