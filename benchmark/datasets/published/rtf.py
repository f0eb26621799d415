"""Data set `rtf`: 22 small images of real defocus with ground truth, of "Non-parametric Blur Map Regression"."""

from collections.abc import Mapping

from benchmark.datasets.base import Dataset, Entry, list_images
from benchmark.datasets.card import DatasetCard
from benchmark.datasets.layout import check_bits, check_count, check_size, find_layout, pair_in_order
from realdof.images.headers import Header

FOLDERS = ("image/0", "GT")


class RTF(Dataset):
    """``image/0/image_NN.png`` with ``GT/sharp_NN.png``."""

    card = DatasetCard(
        name="rtf",
        title="RTF",
        summary="22 small images with real defocus and ground truth, used by map-based methods and NRKNet",
        licence="not stated; its author gives it on request",
        citation="D'Andres et al., Non-Parametric Blur Map Regression for Depth of Field Extension, IEEE TIP 2016",
        protocol="nrknet-rtf",
        count=22,
        layout="image/0/image_NN.png and GT/sharp_NN.png, NN from 01 to 22",
        size="360x360, 8-bit PNG",
        notes=(
            "NRKNet pads the images to 368x368 and scores the inner 360x360, which is the image itself: protocol "
            "nrknet-rtf.",
            "The layout is that of the list Dataset_test_RTF in csZcWu/NRKNet, the size follows from its test.py; "
            "AIFNet tests on copies cut to 336x352, which are refused.",
            "Another copy is in test/RTF of DMENet's datasets.zip, whose folders could not be looked at.",
        ),
        by_hand="Ask the author, Laurent D'Andres, as the README of csZcWu/NRKNet says, then give --root with the "
        "folder that holds image/ and GT/.",
        group="defocused and all-in-focus images",
    )
    size = (360, 360)
    """Height and width in px."""

    def entries(self) -> list[Entry]:
        """Return the images by name, paired by number."""
        folder = find_layout(self.root, FOLDERS, self.card.title)
        images, truths = (list_images(folder / name) for name in FOLDERS)
        paired = pair_in_order(images, truths, largest_gap=0)
        return [Entry(name, path, target=paired[name]) for name, path in images.items()]

    def check_whole(self) -> None:
        """Check that all 22 images are there."""
        check_count(self.listed, self.card.count or 0, self.card.title, self.root)

    def check(self, headers: Mapping[str, Header]) -> None:
        """Check that every image has the published size and 8 bits."""
        check_size(headers, self.size, self.card.title, self.root)
        check_bits(self.listed, 8, self.card.title)
