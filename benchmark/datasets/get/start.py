"""Reports on a download: its size and the free disk space before it starts, then its progress."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from realdof.common.download import Progress


@dataclass(frozen=True)
class Start:
    """Facts about a download before its first byte is written.

    Parameters
    ----------
    name, url
        Name of the partial file, and URL of the mirror.
    done, total
        Bytes kept from an earlier try, and bytes in all; None if the server does not give the size.
    folder, free
        Folder of the download, and bytes free in it.
    """

    name: str
    url: str
    done: int
    total: int | None
    folder: Path
    free: int


Starting = Callable[[Start], None]


def nobody(start: Start) -> None:
    """Ignore the start; the default callback."""


@dataclass
class Watch:
    """Observers of a download from one mirror; the start is reported once, even if the connection breaks."""

    progress: Progress | None
    starting: Starting
    started: bool = False

    def start(self, start: Start) -> None:
        """Report the start, the first time only."""
        if not self.started:
            self.starting(start)
        self.started = True
