"""Data set `realdefocus`: RealBokeh reversed; the targets are at f/22, the defocused images at wider apertures."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ConfigDict, Field

from benchmark.datasets.base import Dataset, Entry
from benchmark.datasets.card import DatasetCard
from benchmark.datasets.layout import check_bits, find_layout
from realdof.common.decode import read_json
from realdof.common.errors import InputError
from realdof.images.headers import Header

_REMEDY = "fetch the data set's metadata again"


class _Scene(BaseModel):
    """The fields of a scene's metadata that are used here; others are ignored."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    id: int
    source_image: str
    target_images: tuple[str, ...] = Field(min_length=1)
    target_avs: tuple[float, ...]


class RealDefocus(Dataset):
    """The test scenes; the target of each image is the scene's photograph at the narrowest aperture."""

    card = DatasetCard(
        name="realdefocus",
        title="RealDefocus test",
        summary="RealBokeh reversed: photographs of a scene at several f-stops share the one at f/22 as their target",
        licence="CC BY-NC-SA 4.0",
        citation="Seizinger et al., Bokehlicious: Photorealistic Bokeh Rendering with Controllable Apertures, "
        "ICCV 2025",
        protocol="realdefocus",
        layout="{train,validation,test}/metadata/ID.json, which names the images in in/ and gt/ID/",
        size="about 3 megapixels, 8-bit JPEG; the originals have 24",
        notes=(
            "What RealBokeh calls source (f/22) is the target here, and its targets are the defocused images.",
            "Groups: scene and f-stop, from the metadata; leaderboard --by f-stop shows the scores of each f-stop.",
            "Layout and metadata are those that dataset/loader.py in TimSeizinger/Bokehlicious reads, and as the hub "
            "shows them.",
            "The number of test scenes and the images' exact sizes could not be verified: every image that the "
            "metadata name must be there, and no number is asked for.",
        ),
        by_hand="Run `hf download timseizinger/RealBokeh_3MP --repo-type dataset --include 'test/*' --local-dir DIR`, "
        "then give --root DIR: the hub has it as single files, not as an archive.",
        group="defocused and all-in-focus images",
    )
    split = "test"

    def entries(self) -> list[Entry]:
        """List the defocused images by name, each with its scene's image at the narrowest aperture."""
        folder = find_layout(self.root, (f"{self.split}/metadata",), self.card.title) / self.split
        found = sorted((folder / "metadata").glob("*.json"))
        if not found:
            raise InputError(f"{folder / 'metadata'} holds no *.json files; {_REMEDY}")
        entries = [entry for path in found for entry in _entries_of(path, folder)]
        names = {entry.name for entry in entries}
        if len(names) < len(entries):
            raise InputError(f"{folder / 'metadata'} names two images alike; {_REMEDY}")
        return sorted(entries, key=lambda entry: entry.name)

    def check(self, headers: Mapping[str, Header]) -> None:
        """Check that every image has 8 bits."""
        check_bits(self.listed, 8, self.card.title)


def _entries_of(path: Path, folder: Path) -> list[Entry]:
    scene = read_json(path, _Scene, _REMEDY)
    if len(scene.target_images) != len(scene.target_avs):
        raise InputError(
            f"{path} names {len(scene.target_images)} images but {len(scene.target_avs)} f-stops; {_REMEDY}"
        )
    sharp = _image(path, folder, scene.source_image)
    return [
        Entry(
            PurePosixPath(name).stem,
            _image(path, folder, name),
            target=sharp,
            groups={"scene": str(scene.id), "f-stop": f"f/{stop:g}"},
            target_name=sharp.stem,
        )
        for name, stop in zip(scene.target_images, scene.target_avs, strict=True)
    ]


def _image(metadata: Path, folder: Path, name: str) -> Path:
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts or "\\" in name:
        raise InputError(f"{metadata} names {name!r}, which leads out of {folder}; {_REMEDY}")
    return folder / relative
