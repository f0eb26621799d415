"""Data set `pixeldp`: 13 scenes of a phone with both dual-pixel views and without ground truth."""

from collections.abc import Mapping

from benchmark.datasets.base import Dataset, Entry, list_images
from benchmark.datasets.card import Archive, DatasetCard
from benchmark.datasets.get.archive import Limits
from benchmark.datasets.layout import check_count, check_depth, find_layout, pair_in_order
from realdof.images.headers import Header

FOLDERS = {"image": "test_c", "left": "test_l", "right": "test_r"}


class PixelDP(Dataset):
    """Images in ``test_c``, ``test_l`` and ``test_r``, directly or in ``source`` inside them."""

    card = DatasetCard(
        name="pixeldp",
        title="PixelDP",
        summary="13 scenes of a Pixel phone with both dual-pixel views; no ground truth: pictures and time only",
        licence="not verified here; ask its authors before you pass images on",
        citation="Abuolaim and Brown, Defocus Deblurring Using Dual-Pixel Data, ECCV 2020",
        count=13,
        layout="test_{c,l,r}/*, or test_{c,l,r}/source/*",
        size="portrait",
        notes=(
            "IFAN's evaluation turns every image by 90 degrees counter-clockwise before the network and the result "
            "back; here images are read as they are stored, so the views' disparity is vertical for dual methods.",
            "Neither the link, nor the folders inside the archive, nor its size could be verified here.",
        ),
        archive=Archive(
            "PixelDP.zip",
            ("https://www.dropbox.com/s/pw7w2bpp7pc410n/PixelDP.zip?dl=1",),
            Limits(bytes=5 * 10**9, files=1_000),
        ),
        group="without all-in-focus images",
    )

    def entries(self) -> list[Entry]:
        """Return the scenes by the merged image's name."""
        folder = find_layout(self.root, tuple(FOLDERS.values()), self.card.title)
        inside = {role: folder / name for role, name in FOLDERS.items()}
        images = {
            role: list_images(path / "source" if (path / "source").is_dir() else path) for role, path in inside.items()
        }
        check_count(images["image"], self.card.count or 0, self.card.title, inside["image"])
        left, right = (pair_in_order(images["image"], images[role], largest_gap=0) for role in ("left", "right"))
        return [Entry(name, path, left[name], right[name]) for name, path in images["image"].items()]

    def check(self, headers: Mapping[str, Header]) -> None:
        """Check that all images have the same depth."""
        check_depth(self.listed, self.card.title)
