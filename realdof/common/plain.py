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
"""Control characters but tab and line feed, and those that turn the direction of what follows."""
_PLAIN = dict.fromkeys(_STEERING, "\N{REPLACEMENT CHARACTER}")


_QUOTED = 80
"""Letters of a name out of a file that a message quotes: an archive's or a list's may have any number."""


def quoted(name: object) -> str:
    """A name out of a file as a message shows it: in quotation marks, control characters escaped, never long."""
    text = str(name)
    return repr(text) if len(text) <= _QUOTED else f"{text[:_QUOTED]!r}..."


def composed(name: str) -> str:
    """A name with its accents composed (Unicode's NFC): some systems and archives write them apart from the letters."""
    return unicodedata.normalize("NFC", name)


def plain(text: str) -> str:
    """The text with a replacement character in the place of each character that steers a terminal."""
    return text.translate(_PLAIN)
