"""What a data set says of itself: the card that tables, `data info` and the docs show."""

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
"""In their order."""
AT_HAND = "at hand"
"""As `DatasetCard.weights`: the weights that are on this machine."""


@dataclass(frozen=True)
class Archive:
    """The file that a data set is published as.

    Parameters
    ----------
    name
        Of the file.
    mirrors
        URLs, tried in this order; ``hf://OWNER/NAME/FILE`` for a file on the Hugging Face hub.
    limits
        More than this is another file.
    sha256
        Of the file; None where it is not known here, and then the first download decides.
    """

    name: str
    mirrors: tuple[str, ...]
    limits: Limits
    sha256: str | None = None


@dataclass(frozen=True)
class DatasetCard:
    """What a reader of a table needs to know of a data set.

    Parameters
    ----------
    name, title
        The word on the command line, and the name in tables.
    summary
        One sentence; it says so if the defocus is rendered.
    licence, citation
        Of the images.
    protocol
        The protocol it is scored under unless another is asked for.
    weights
        Key of the weights that methods run with unless others are asked for; `AT_HAND` for ``official`` where that
        file is here, else ``synthetic``.
    count, layout, size
        How many scenes it has, the folders they lie in, and the images' size and depth; empty where it is open.
    notes
        What else one must know, one sentence each; what could not be verified says so.
    archive
        Where it can be fetched; None for a data set that is made or is the user's own.
    by_hand
        What a person must do to get it, in one sentence, where there is no direct download; empty otherwise.
    group
        The heading it stands under in `ifan-bench datasets`.
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
