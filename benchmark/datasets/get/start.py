"""What is told of a download: its size and the room there is before it starts, then how far it is."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from realdof.common.download import Progress


@dataclass(frozen=True)
class Start:
    """What is known before the first byte of a download is written.

    Parameters
    ----------
    name, url
        The file, and the mirror it comes from.
    done, total
        Bytes that are here from an earlier try, and bytes in all; None where the server does not say.
    folder, free
        Where it goes, and the bytes free there.
    """

    name: str
    url: str
    done: int
    total: int | None
    folder: Path
    free: int


Starting = Callable[[Start], None]


def nobody(start: Start) -> None:
    """A start that nobody watches."""


@dataclass
class Watch:
    """Who is told of a download from one mirror; of its start once, however often the connection breaks."""

    progress: Progress | None
    starting: Starting
    started: bool = False

    def start(self, start: Start) -> None:
        """Tell of the start if that has not been done."""
        if not self.started:
            self.starting(start)
        self.started = True
