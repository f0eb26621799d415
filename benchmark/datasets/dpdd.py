"""Data sets `dpdd`, `dpdd-val` and `dpdd-train`: Canon dual-pixel pairs, in the layout they are published in."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from benchmark.datasets.base import Dataset, Entry, default_place, entry_of
from benchmark.datasets.card import Archive, DatasetCard
from benchmark.datasets.dual_pixel import VIEWS, list_views, pair_views
from benchmark.datasets.get.archive import Limits
from benchmark.datasets.layout import check_count, check_depth, find_layout
from realdof.common.errors import InputError
from realdof.images.headers import Header


class DPDD(Dataset):
    """The 76 test scenes, with both dual-pixel views where ``test_l`` and ``test_r`` are there.

    Whether it is the 16-bit or the 8-bit copy is seen in the files; the protocol decides at which depth they are read.
    """

    card = DatasetCard(
        name="dpdd",
        title="DPDD test",
        summary="76 scenes of a Canon dual-pixel camera at wide and narrow aperture: real defocus, with both views",
        licence="not verified here; ask its authors before you pass images on",
        citation="Abuolaim and Brown, Defocus Deblurring Using Dual-Pixel Data, ECCV 2020",
        count=76,
        layout="{train,val,test}_{c,l,r}/{source,target}/*.png; c is the merged image, l and r the two views",
        size="1680x1120, 16-bit PNG (an 8-bit copy is as good, but not the same images)",
        notes=(
            "A source's and its target's names are frame numbers that differ by 0 to 2: pairs follow the sorted order.",
            "37 of the test scenes are indoors and 39 outdoors, but which is in no file here: give a list with "
            "--subset.",
            "Neither the link, nor the folders inside the archive, nor its size could be verified here.",
            "Also on the Hugging Face hub as JacobLinCool/DPDD; in which format could not be verified, so get does "
            "not use it.",
        ),
        archive=Archive(
            "DPDD.zip",
            ("https://www.dropbox.com/s/w9urn5m4mzllrwu/DPDD.zip?dl=1",),
            Limits(bytes=60 * 10**9, files=5_000),
        ),
    )
    split = "test"
    size = (1120, 1680)
    """Height and width in px, either way up."""

    @classmethod
    def default_root(cls) -> Path:
        """One place in the cache for all three splits, which come in one archive."""
        return default_place("dpdd")

    @property
    def family(self) -> str:
        """The three splits are of one data set."""
        return DPDD.card.name

    def entries(self) -> list[Entry]:
        """The scenes by the merged source's name."""
        folder = self._folder
        places = {name: folder / pattern.format(split=self.split) for name, pattern in VIEWS.items()}
        both = any(places[name].is_dir() for name in ("left", "right"))
        listed = list_views(folder, self.split, VIEWS if both else ("image", "target"))
        check_count(listed["image"], self.card.count or 0, self.card.title, places["image"])
        return [entry_of(name, files) for name, files in pair_views(listed).items()]

    def check(self, headers: Mapping[str, Header]) -> None:
        """Every image has DPDD's size and the same depth."""
        for name, header in headers.items():
            if sorted((header.height, header.width)) != sorted(self.size):
                raise InputError(
                    f"{name} of {self.card.title} in {self._folder} is {header.width}x{header.height}; its images are "
                    f"{self.size[1]}x{self.size[0]}; run on others with --dataset folder"
                )
        check_depth(self.listed, self.card.title)

    @property
    def _folder(self) -> Path:
        return find_layout(self.root, (f"{self.split}_c/source", f"{self.split}_c/target"), self.card.title)


class DPDDVal(DPDD):
    """The 74 validation scenes."""

    card = replace(
        DPDD.card, name="dpdd-val", title="DPDD val", count=74, summary="DPDD's 74 validation scenes; see dpdd"
    )
    split = "val"


class DPDDTrain(DPDD):
    """The 350 training scenes."""

    card = replace(
        DPDD.card, name="dpdd-train", title="DPDD train", count=350, summary="DPDD's 350 training scenes; see dpdd"
    )
    split = "train"
