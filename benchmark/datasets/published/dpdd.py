"""Data sets `dpdd`, `dpdd-val`, `dpdd-train` and `dpdd-native`: Canon dual-pixel pairs in their published layouts."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from benchmark.datasets.base import Dataset, Entry, default_place, entry_of, list_images
from benchmark.datasets.card import Archive, DatasetCard
from benchmark.datasets.dual_pixel import VIEWS, pair_views
from benchmark.datasets.get.archive import Limits
from benchmark.datasets.layout import check_bits, check_count, check_depth, check_size, find_one_of
from benchmark.datasets.published.dpdd_places import with_places
from realdof.images.headers import Header

RESTORMER = {"image": "inputC", "left": "inputL", "right": "inputR", "target": "target"}
"""Each image's folder in the copy of Restormer's authors, which holds the test scenes alone."""
RESTORMER_LAYOUT = (RESTORMER["image"], RESTORMER["target"])
_HUB_COPY = {
    75: "so many has the copy on the Hugging Face hub, JacobLinCool/DPDD, which is not whole",
    344: "so many has the copy on the Hugging Face hub, JacobLinCool/DPDD, which is not whole",
}


class DPDD(Dataset):
    """The 76 test scenes, with both dual-pixel views if ``test_l`` and ``test_r`` exist.

    The copy may be the 16-bit or the 8-bit one; the protocol decides at which depth the files are read.
    """

    card = DatasetCard(
        name="dpdd",
        title="DPDD test",
        summary="76 scenes of a Canon dual-pixel camera at wide and narrow aperture: real defocus, with both views",
        licence="not verified here; ask its authors before you pass images on",
        citation="Abuolaim and Brown, Defocus Deblurring Using Dual-Pixel Data, ECCV 2020",
        count=76,
        layout="{train,val,test}_{c,l,r}/{source,target}/*.png; c is the merged image, l and r the two views. Or the "
        "test set as Restormer's authors give it out: {inputC,inputL,inputR,target}/*.png",
        size="1680x1120, 16-bit PNG (an 8-bit copy is as good, but not the same images)",
        notes=(
            "A source's and its target's names are frame numbers that differ by 0 to 2: pairs follow the sorted order.",
            "37 of the test scenes are indoors and 39 outdoors, but which is in no file here: give a list with "
            "--subset, or Restormer's copy, whose labels are read as group place.",
            "Neither the link, nor the folders inside the archive, nor its size could be verified here.",
            "The copy on the Hugging Face hub, JacobLinCool/DPDD, holds Parquet tables of 344 and 75 scenes instead of "
            "350 and 76, so get does not use it.",
        ),
        archive=Archive(
            "DPDD.zip",
            ("https://www.dropbox.com/s/w9urn5m4mzllrwu/DPDD.zip?dl=1",),
            Limits(bytes=60 * 10**9, files=5_000),
        ),
        group="with dual-pixel views",
    )
    split = "test"
    size = (1120, 1680)
    """Height and width in px, either way up."""

    @classmethod
    def default_root(cls) -> Path:
        """Return the cache folder that all three splits share, because they come in one archive."""
        return default_place("dpdd")

    @property
    def family(self) -> str:
        """``dpdd``: the three splits belong to one data set."""
        return DPDD.card.name

    def entries(self) -> list[Entry]:
        """Return the scenes by the merged source's name."""
        layout, folder = find_one_of(self.root, self._layouts, self.card.title)
        if layout == RESTORMER_LAYOUT:
            places = {role: folder / name for role, name in RESTORMER.items()}
        else:
            places = {role: folder / pattern.format(split=self.split) for role, pattern in VIEWS.items()}
        both = any(places[role].is_dir() for role in ("left", "right"))
        listed = {role: list_images(places[role]) for role in (VIEWS if both else ("image", "target"))}
        check_count(listed["image"], self.card.count or 0, self.card.title, places["image"], _HUB_COPY)
        entries = [entry_of(name, files) for name, files in pair_views(listed).items()]
        return with_places(entries, folder) if layout == RESTORMER_LAYOUT else entries

    def check(self, headers: Mapping[str, Header]) -> None:
        """Check that every image has DPDD's size and all have the same depth."""
        check_size(headers, self.size, self.card.title, self.root)
        check_depth(self.listed, self.card.title)

    @property
    def _layouts(self) -> tuple[tuple[str, ...], ...]:
        published = (f"{self.split}_c/source", f"{self.split}_c/target")
        return (published, RESTORMER_LAYOUT) if self.split == "test" else (published,)


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


class DPDDNative(DPDD):
    """The 76 test scenes at the camera's full resolution."""

    card = replace(
        DPDD.card,
        name="dpdd-native",
        title="DPDD test, native size",
        summary="DPDD's 76 test scenes at the camera's own size, 6720x4480; figures differ from dpdd's",
        protocol="aligned",
        layout="test_{c,l,r}/source/*.png and test_c/target/*.png",
        size="6720x4480, 16-bit PNG",
        notes=(
            "Papers that evaluate at this size register the output with the truth and cut the border: protocol aligned "
            "does so by a shift, aligned-homography by a homography; neither paper's own script could be looked up.",
            "The camera's size is that of the README of Abdullah-Abuolaim/defocus-deblurring-dual-pixel; the folders "
            "inside the archive at this size could not be verified, and DPDD's are expected.",
            "Run it with --tile or on a GPU: a float32 image is 361 MB.",
        ),
        archive=None,
        by_hand="Download the full-size images with a browser from the links in the README of "
        "Abdullah-Abuolaim/defocus-deblurring-dual-pixel, then give --root.",
    )
    size = (4480, 6720)
    """Height and width in px, either way up."""

    @classmethod
    def default_root(cls) -> Path:
        """Return its own folder in the cache, not that of `DPDD`."""
        return default_place(cls.card.name)

    def check(self, headers: Mapping[str, Header]) -> None:
        """Check that every image has the camera's full resolution and 16 bits."""
        super().check(headers)
        check_bits(self.listed, 16, self.card.title)
