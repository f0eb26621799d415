"""Data set `folder`: the user's own ``source/`` and ``target/`` with equal names; ``left/`` and ``right/`` optional."""

from pathlib import Path

from benchmark.datasets.base import Dataset, Entry, entry_of, list_images
from benchmark.datasets.card import AT_HAND, DatasetCard
from realdof.common.errors import InputError


class PairedFolder(Dataset):
    """A folder of the user's own image pairs."""

    card = DatasetCard(
        name="folder",
        title="Folder",
        summary="your own pairs: --root DIR with source/ and target/, and left/ and right/ for dual-pixel methods",
        licence="yours",
        citation="",
        weights=AT_HAND,
        group="made here, or your own",
    )

    @classmethod
    def default_root(cls) -> Path:
        """Raise `InputError`: the user's own folder has no default place."""
        raise InputError("the data set folder needs --root DIR, a folder with source/ and target/ in it")

    def entries(self) -> list[Entry]:
        """Pair the images by name; every image needs a partner in each folder that exists."""
        sources = list_images(self.root / "source")
        partners = {
            role: list_images(self.root / role)
            for role in ("target", "left", "right")
            if (self.root / role).is_dir() or role == "target"
        }
        for role, images in partners.items():
            _check_same_names(self.root, sources, role, images)
        return [
            entry_of(name, {"image": path} | {role: images[name] for role, images in partners.items()})
            for name, path in sources.items()
        ]


def _check_same_names(root: Path, sources: dict[str, Path], role: str, images: dict[str, Path]) -> None:
    missing = sorted(sources.keys() - images.keys())
    if missing:
        raise InputError(f"{sources[missing[0]]} has no partner named {missing[0]} in {root / role}")
    extra = sorted(images.keys() - sources.keys())
    if extra:
        raise InputError(f"{images[extra[0]]} has no partner named {extra[0]} in {root / 'source'}")
