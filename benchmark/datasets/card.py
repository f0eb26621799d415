"""What a data set says of itself: the card that tables, `data info` and the docs show."""

from dataclasses import dataclass

from benchmark.datasets.get.archive import Limits


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
        Key of the weights that methods run with unless others are asked for.
    count, layout, size
        How many scenes it has, the folders they lie in, and the images' size and depth; empty where it is open.
    notes
        What else one must know, one sentence each; what could not be verified says so.
    archive
        Where it can be fetched; None for a data set that is made or is the user's own.
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
