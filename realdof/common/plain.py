"""Text without characters that steer a terminal: what files and other programs say is shown, never obeyed."""

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


def plain(text: str) -> str:
    """The text with a replacement character in the place of each character that steers a terminal."""
    return text.translate(_PLAIN)
