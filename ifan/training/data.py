"""Training data of IFAN: a data set in DPDD's layout, or photographs from which scenes are rendered."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmark.datasets.dual_pixel import DualPixelFolder
from benchmark.training.checkpoint import fingerprint
from benchmark.training.recipe import Recipe
from ifan.training.augmentation import Augmentation
from ifan.training.patches import FolderPatches, Patches, RenderedPatches
from ifan.training.sources import Source, find_depth, find_photographs, with_depth
from ifan.training.synthesis import Synthesis
from ifan.variants import Variant
from realdof.common.errors import InputError
from realdof.images.headers import read_header


@dataclass(frozen=True)
class Data:
    """Training data: patches, validation, and a description.

    Parameters
    ----------
    folder
        A data set in DPDD's layout, or None; its ``val`` split, if any, is used for validation.
    photographs
        Sharp photographs. Scenes rendered from them replace the folder's training scenes; empty for none.
    synthesis
        Properties of rendered scenes.
    loaders
        Number of processes that prepare batches; chosen automatically if None.

    Raises
    ------
    InputError
        There is neither a folder nor photographs.
    """

    folder: Path | None
    photographs: tuple[Source, ...] = ()
    synthesis: Synthesis = field(default_factory=Synthesis)
    loaders: int | None = None

    def __post_init__(self) -> None:
        if self.folder is None and not self.photographs:
            raise InputError("a training needs --data, a set in DPDD's layout, or --photographs to render scenes from")

    def patches(self, variant: Variant, augmentation: Augmentation, recipe: Recipe) -> Patches:
        """Return the source of batches.

        Raises
        ------
        InputError
            The data set is incomplete or has too few bits, or a photograph is too small.
        """
        if self.photographs:
            synthesis = replace(self.synthesis, bits=variant.bits)
            return RenderedPatches(list(self.photographs), synthesis, augmentation, recipe.batch, recipe.seed)
        assert self.folder is not None
        scenes = DualPixelFolder.open(self.folder)
        check_depth(scenes, variant)
        return FolderPatches(scenes, augmentation, recipe.batch, recipe.seed, in_memory=not self.loaders)

    @property
    def validation(self) -> DualPixelFolder | None:
        """The validation split, if there is one."""
        if self.folder is None or not (self.folder / "val_c").is_dir():
            return None
        return DualPixelFolder.open(self.folder, "val")

    def described(self) -> dict[str, Any]:
        """Return a description of the data by name; a training continues only with equal data."""
        if not self.photographs:
            assert self.folder is not None
            files = DualPixelFolder.open(self.folder).files
            return {"data": fingerprint(path for scene in files for path in scene.values())}
        rendered = asdict(self.synthesis)
        kept = ("largest_radius", "sharp_share", "smallest_scale", "leaves_share", "electrons")
        seen = fingerprint(path for source in self.photographs for path in source if path is not None)
        words = {f"rendered_{name}": rendered[name] or 0.0 for name in kept}
        return words | {"photographs": len(self.photographs), "data": seen}


def chosen_data(
    folder: Path | None,
    photographs: Path | None,
    depth: Path | None,
    rendering: Mapping[str, float | None],
    loaders: int | None,
) -> Data:
    """Return the data that the options of ``ifan train`` describe.

    Parameters
    ----------
    folder, photographs, depth, loaders
        See `Data`; photographs and depth are folders.
    rendering
        Fields of `Synthesis`; None for options that are not given.

    Raises
    ------
    InputError
        An option for rendering is given without photographs, or the folder holds none.
    """
    given: dict[str, Any] = {name: value for name, value in rendering.items() if value is not None}
    if photographs is None:
        if depth is not None or given:
            raise InputError("--depth, --largest-radius, --electrons and --leaves belong to --photographs; give it too")
        return Data(folder, loaders=loaders)
    found = find_photographs(photographs)
    maps = None if depth is None else find_depth(found, depth)
    return Data(folder, tuple(with_depth(found, maps)), replace(Synthesis(), **given), loaders)


def check_depth(scenes: DualPixelFolder, variant: Variant) -> None:
    """Refuse 8-bit images for a variant that is trained on 16 bits.

    Raises
    ------
    InputError
        The images have too few bits.
    """
    bits = read_header(scenes.files[0]["image"]).bits
    if variant.bits > bits:
        raise InputError(
            f"{variant.name} is trained on {variant.bits}-bit images, and {scenes.files[0]['image']} has {bits} bits; "
            "give 16-bit images, or train ifan"
        )
