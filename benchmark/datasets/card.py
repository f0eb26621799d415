"""The card of a data set: the facts that tables, `data info` and the docs show."""

from dataclasses import dataclass
from typing import Literal, get_args

from benchmark.datasets.get.archive import Limits

Group = Literal[
    "made here, or your own",
    "defocused and all-in-focus images",
    "with dual-pixel views",
    "without all-in-focus images",
    "other packages' data sets",
]
"""Headings of `ifan-bench datasets`."""
GROUPS: tuple[Group, ...] = get_args(Group)
"""The headings in the order they are shown in."""
AT_HAND = "at hand"
"""Value of `DatasetCard.weights`: use the weights that are on this machine."""


@dataclass(frozen=True)
class Archive:
    """The file that a data set is published as.

    Parameters
    ----------
    name
        Name of the file.
    mirrors
        URLs, tried in this order; ``hf://OWNER/NAME/FILE`` for a file on the Hugging Face hub.
    limits
        Largest size and number of files; an archive that exceeds them is refused.
    sha256
        SHA-256 of the file; None if unknown: later downloads must then match the first one.
    """

    name: str
    mirrors: tuple[str, ...]
    limits: Limits
    sha256: str | None = None


@dataclass(frozen=True)
class DatasetCard:
    """The facts about a data set that tables and commands show.

    Parameters
    ----------
    name, title
        Name on the command line, and name in tables.
    summary
        One sentence; it says if the defocus is rendered.
    licence, citation
        Licence and citation of the images.
    protocol
        Name of the default protocol.
    weights
        Key of the weights that methods use by default; `AT_HAND` for ``official`` if that file is on this machine,
        else ``synthetic``.
    count, layout, size
        Number of scenes, their folders, and the images' size and depth; None or empty if not fixed.
    notes
        Further facts, one sentence each; a fact that could not be verified says so.
    archive
        The archive to download; None if there is none.
    by_hand
        If there is no direct download, how to get the data set by hand, in one sentence; otherwise empty.
    group
        Heading in the list that `ifan-bench datasets` prints.
    """

    name: str
    title: str
    summary: str
    licence: str
    citation: str
    protocol: str = "ifan-cvpr21"
    weights: str = "official"
    count: int | None = None
    layout: str = ""
    size: str = ""
    notes: tuple[str, ...] = ()
    archive: Archive | None = None
    by_hand: str = ""
    group: Group = "other packages' data sets"
