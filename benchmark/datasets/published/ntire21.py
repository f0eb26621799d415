"""Data set `ntire21`: the dual-pixel images of the NTIRE 2021 challenge, laid out as DPDD is."""

from pathlib import Path

from benchmark.datasets.base import Entry, default_place, entry_of
from benchmark.datasets.card import DatasetCard
from benchmark.datasets.dual_pixel import VIEWS, list_views, pair_views
from benchmark.datasets.layout import find_layout
from benchmark.datasets.published.dpdd import DPDD


class NTIRE21(DPDD):
    """The test scenes; ``test_c/target`` may be missing, since challenges often withhold it."""

    card = DatasetCard(
        name="ntire21",
        title="NTIRE 2021 dual-pixel test",
        summary="the NTIRE 2021 challenge: dual-pixel views of a Canon camera, in DPDD's layout",
        licence="not stated where it could be looked up; ask the challenge's organisers",
        citation="Abuolaim, Timofte and Brown, NTIRE 2021 Challenge for Defocus Deblurring Using Dual-pixel Images, "
        "CVPRW 2021",
        protocol="ntire21",
        layout="test_{c,l,r}/source/*.png and test_c/target/*.png, as DPDD",
        size="1680x1120, 16-bit PNG (an 8-bit copy is as good, but not the same images)",
        notes=(
            "PSNR and SSIM decided the challenge, as its report's abstract says.",
            "The 600 scenes (2,400 images) of secondary notes, their split and their folders could not be verified: no "
            "number is asked for, and the layout is DPDD's, on which the challenge was built.",
            "Without test_c/target it runs for pictures and time, for a submission to its organisers.",
        ),
        by_hand="Sign up at the challenge's CodaLab page, download the images and arrange them as DPDD's, then give "
        "--root.",
        group="with dual-pixel views",
    )

    @classmethod
    def default_root(cls) -> Path:
        """Return its own folder in the cache, not that of `DPDD`."""
        return default_place(cls.card.name)

    @property
    def family(self) -> str:
        """`ntire21`: its scenes are not DPDD's."""
        return self.card.name

    def entries(self) -> list[Entry]:
        """Return the scenes by the merged source's name."""
        folder = find_layout(self.root, (f"{self.split}_c/source",), self.card.title)
        places = {role: folder / pattern.format(split=self.split) for role, pattern in VIEWS.items()}
        both = any(places[role].is_dir() for role in ("left", "right"))
        roles = ["image", *(["left", "right"] if both else []), *(["target"] if places["target"].is_dir() else [])]
        return [entry_of(name, files) for name, files in pair_views(list_views(folder, self.split, roles)).items()]
