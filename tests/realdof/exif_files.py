"""TIFF structures with EXIF, byte by byte."""

import struct

Entries = list[tuple[int, int, int, bytes]]


def tiff(order: str, main: Entries, shot: Entries) -> bytes:
    """A TIFF with a main and an EXIF directory; values longer than four bytes are put at the end."""
    main_at, shot_at = 8, 8 + 2 + 12 * (len(main) + 1) + 4
    values_at = shot_at + 2 + 12 * len(shot) + 4
    tables, values = b"", b""
    for entries in ([*main, (0x8769, 4, 1, struct.pack(order + "I", shot_at))], shot):
        tables += struct.pack(order + "H", len(entries))
        for tag, kind, count, content in entries:
            field = content.ljust(4, b"\0")
            if len(content) > 4:
                field = struct.pack(order + "I", values_at + len(values))
                values += content
            tables += struct.pack(order + "HHI", tag, kind, count) + field
        tables += bytes(4)
    return (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", main_at) + tables + values


def text(tag: int, content: bytes) -> tuple[int, int, int, bytes]:
    return tag, 2, len(content) + 1, content + b"\0"
