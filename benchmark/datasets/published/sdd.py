"""Data set `sdd`: misaligned pairs, scored after the all-in-focus image is warped onto the output."""

from collections.abc import Mapping

from benchmark.datasets.base import Dataset, Entry, list_images
from benchmark.datasets.card import DatasetCard
from benchmark.datasets.layout import check_bits, check_size, find_one_of
from realdof.common.errors import InputError
from realdof.images.headers import Header

LAYOUTS = (("test/blur", "test/gt"), ("blur", "gt"))


class SDD(Dataset):
    """``test/blur`` and ``test/gt`` with the same names."""

    card = DatasetCard(
        name="sdd",
        title="SDD test",
        summary="pairs of 4096x2160 with real defocus that are misaligned: the truth is warped onto the output first",
        licence="not stated where it could be looked up; ask its authors before you pass images on",
        citation="Li et al., Learning Single Image Defocus Deblurring with Misaligned Training Pairs, AAAI 2023",
        protocol="sdd-flow",
        layout="test/blur/*.png and test/gt/*.png with the same names",
        size="4096x2160, 8 bits",
        notes=(
            "Its authors warp the truth by PWC-Net's optical flow, whose weights are not here; protocol sdd-flow warps "
            "by OpenCV's, so figures are near theirs, not theirs.",
            "Folders and names are those that test_model/test_model.py in liyucs/JDRL reads.",
            "How many test pairs there are and their size could not be verified at a source: no number is asked for, "
            "and the size is that of secondary notes (150 pairs of 4096x2160).",
        ),
        by_hand="Download SDD with a browser from the Baidu link in the README of ssscrystal/Reblurring-guided-JDRL, "
        "unpack it, then give --root SDD.",
        group="defocused and all-in-focus images",
    )
    size = (2160, 4096)
    """Height and width in px."""

    def entries(self) -> list[Entry]:
        """Return the images by name."""
        layout, folder = find_one_of(self.root, LAYOUTS, self.card.title)
        images, truths = (list_images(folder / name) for name in layout)
        for one, other, place in ((images, truths, layout[1]), (truths, images, layout[0])):
            for name, path in one.items():
                if name not in other:
                    raise InputError(f"{path} has no partner named {name} in {folder / place}")
        return [Entry(name, path, target=truths[name]) for name, path in images.items()]

    def check(self, headers: Mapping[str, Header]) -> None:
        """Check that every image has the published size and 8 bits."""
        check_size(headers, self.size, self.card.title, self.root)
        check_bits(self.listed, 8, self.card.title)
