"""Write a report's pictures as WebP files; all have the best quality at which the report stays below its size limit."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark.datasets.base import Entry
from benchmark.report.contents import ImageSet
from benchmark.report.layers import Layers, read_layers, thumbnail
from benchmark.report.slugs import slug
from realdof.common.errors import InputError
from realdof.common.files import atomic_path
from realdof.common.machine.opencv import cv2
from realdof.common.machine.threads import cores

QUALITIES = (92, 88, 84, 80, 75, 70, 60, 50)
"""WebP qualities to try, best first; the first one within the size limit is used for all pictures."""
_MAP_QUALITY = 60
_DIFFERENCE_QUALITY = 40
"""Lower than the others, because there is one map for every two methods."""
_THUMBNAIL_QUALITY = 75
_SAMPLED = 4
"""Number of images that are encoded at every quality to estimate the size."""


@dataclass(frozen=True)
class Drawn:
    """The written files of one image, and the data for its page.

    Parameters
    ----------
    name, slug
        Name of the image in its data set, and in links.
    height, width
        Size of the image, px.
    pictures, maps, thumbnails
        Addresses relative to the report's folder, by key; ``maps`` also contains ``blur``.
    differences
        Addresses of the maps of the difference of two pictures, by both keys; see `Layers`.
    errors
        Share and mean squared error of each band of blur, by key.
    """

    name: str
    slug: str
    height: int
    width: int
    pictures: Mapping[str, str]
    maps: Mapping[str, str]
    thumbnails: Mapping[str, str]
    differences: Mapping[str, str]
    errors: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class _Work:
    """One image to draw: its set, entry, name in links, and outputs by key."""

    of: ImageSet
    entry: Entry
    slug: str
    outputs: Mapping[str, Path]

    def layers(self) -> Layers:
        assert self.of.protocol is not None
        return read_layers(self.entry, self.of.protocol, self.outputs, compared=True)


def draw(
    sets: Sequence[ImageSet],
    site: Path,
    largest: float,
    most: int | None = None,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, list[Drawn]]:
    """Draw the pictures of every set whose images are available.

    Parameters
    ----------
    site
        The report's folder.
    largest
        Largest total size of the pictures, bytes.
    most
        Largest number of images per set, spread evenly over it; None for all.
    report
        Progress callback (images drawn, images in total).

    Returns
    -------
    dict
        The drawn images by the set's slug.

    Raises
    ------
    InputError
        A file cannot be read, or the pictures exceed the limit even at the lowest quality.
    """
    work = [one for images in sets if images.protocol is not None and not images.missing for one in _work(images, most)]
    quality = _quality(work, largest)
    drawn: dict[str, list[Drawn]] = {images.slug: [] for images in sets}
    # Encoding and OpenCV release Python's global lock, so threads suffice.
    with ThreadPoolExecutor(cores()) as threads:
        done = threads.map(lambda one: _draw(one, site, quality), work)
        for number, (one, files) in enumerate(zip(work, done, strict=True), 1):
            drawn[one.of.slug].append(files)
            report(number, len(work))
    return drawn


def _work(images: ImageSet, most: int | None) -> Iterator[_Work]:
    assert images.dataset is not None
    taken: set[str] = set()
    found = []
    for entry in images.dataset.entries():
        outputs = {key: path for key, entrant in images.outputs.items() if (path := entrant.output(entry.name))}
        # If only the method input was run, its images are shown beside the truth.
        if outputs or (not images.outputs and images.covers(entry.name)):
            found.append(_Work(images, entry, slug(entry.name, taken), outputs))
    if most is not None and len(found) > most:
        found = [found[round(place)] for place in np.linspace(0, len(found) - 1, most)]
    yield from found


def _quality(work: Sequence[_Work], largest: float) -> int:
    """Return the best quality at which all pictures fit into ``largest`` bytes, estimated from some of the images."""
    if not work:
        return QUALITIES[0]
    step = max(1, len(work) // _SAMPLED)
    sampled = [one.layers() for one in work[::step]]
    # The input and the truth are pictures too.
    counts = [len(one.outputs) + 2 for one in work]
    share = sum(counts) / sum(counts[::step])
    beside = sum(len(data) for layers in sampled for _, data in _beside(layers))
    foreseen = 0.0
    for quality in QUALITIES:
        pictures = sum(len(webp(picture, quality)) for layers in sampled for picture in layers.pictures.values())
        foreseen = share * (pictures + beside)
        # The estimate is inexact because images differ, so a tenth is kept free.
        if foreseen <= 0.9 * largest:
            return quality
    raise InputError(
        f"the pictures would take about {foreseen / 1e6:.0f} MB, more than {largest / 1e6:.0f} MB; "
        "ask for fewer with --pictures, or allow more with --megabytes"
    )


def _draw(work: _Work, site: Path, quality: int) -> Drawn:
    layers = work.layers()
    folder = Path("pictures") / work.of.slug / work.slug

    def written(name: str, data: bytes) -> str:
        with atomic_path(site / folder / f"{name}.webp") as temporary:
            temporary.write_bytes(data)
        return (folder / f"{name}.webp").as_posix()

    pictures = {key: written(key, webp(picture, quality)) for key, picture in layers.pictures.items()}
    beside = {name: written("-".join(name), data) for name, data in _beside(layers)}
    height, width = layers.size
    return Drawn(
        work.entry.name, work.slug, height, width, pictures,
        {key: address for (kind, key), address in beside.items() if kind == "map"},
        {key: address for (kind, key), address in beside.items() if kind == "small"},
        {key: address for (kind, key), address in beside.items() if kind == "difference"},
        layers.errors,
    )  # fmt: skip


def _beside(layers: Layers) -> Iterator[tuple[tuple[str, str], bytes]]:
    """Yield the name and the WebP bytes of each map and thumbnail, whose quality is fixed."""
    for key, picture in layers.maps.items():
        yield ("map", key), webp(picture, _MAP_QUALITY)
    for key, picture in layers.differences.items():
        yield ("difference", key), webp(picture, _DIFFERENCE_QUALITY)
    for key, picture in layers.pictures.items():
        yield ("small", key), webp(thumbnail(picture), _THUMBNAIL_QUALITY)


def webp(pixels: np.ndarray, quality: int) -> bytes:
    """Encode a picture, uint8 (H, W, 3), as the bytes of a WebP file."""
    ordered = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2BGR)
    return bytes(cv2.imencode(".webp", ordered, [cv2.IMWRITE_WEBP_QUALITY, quality])[1].tobytes())
