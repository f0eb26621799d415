"""Text from files is shown without the characters that steer a terminal."""

import unicodedata

from realdof.common.plain import plain

CHANGE_DIRECTION = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def test_every_character_that_controls_a_terminal_is_replaced_and_every_other_one_is_kept() -> None:
    for code in range(0x3000):
        letter = chr(code)
        controls = (
            (unicodedata.category(letter) == "Cc" and letter not in "\t\n")
            or unicodedata.bidirectional(letter) in CHANGE_DIRECTION
            or code in (0x200E, 0x200F)
        )
        expected = "\N{REPLACEMENT CHARACTER}" if controls else letter
        assert plain(f"name {letter}") == f"name {expected}", hex(code)
