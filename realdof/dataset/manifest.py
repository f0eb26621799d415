"""What a built data set says of itself: ``manifest.json``, and one record a scene with its maps.

    OUT/build.json               what the scenes are built with; another build's is refused
    OUT/source/<scene>.png       the defocused image, 16-bit
    OUT/target/<scene>.png       the all-in-focus image, aligned and matched in exposure, 16-bit
    OUT/reference/<scene>_*.png  the reference pair: fixed, moved, before
    OUT/scenes/<scene>.json      a ``SceneRecord``, written last of a scene's files
    OUT/manifest.json            a ``Manifest``, written last of all, and croissant.json beside it

Nothing in them depends on the time, the machine's name, the number of workers or an interruption.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from realdof.alignment.estimate import Alignment, Verdict
from realdof.captures.scene import Camera
from realdof.common.errors import InputError
from realdof.common.files import write_json
from realdof.common.structure import structure
from realdof.geometry.grid import Region
from realdof.geometry.warp import Recipe
from realdof.matching.photometry import Channels, PhotometricMethod, PhotometricModel, PhotometricPair
from realdof.matching.quality import SceneQuality
from realdof.raw.develop import Demosaicing, DevelopedBy

MANIFEST, BUILD, CROISSANT = "manifest.json", "build.json", "croissant.json"
VERSION = 2

SceneVerdict = Verdict | Literal["failed"]
"""Accepted and doubtful scenes are in the data set; rejected and failed ones only in its manifest."""

WhiteBalance = Literal["reference", "camera"] | Channels
"""Of the defocused camera's reference shot, of each file's own camera, or fixed multipliers of red, green, blue."""

T = TypeVar("T")


@dataclass(frozen=True)
class Settings:
    """How a data set is built.

    Attributes
    ----------
    recipe
        ``paper`` resizes first and warps at the final size; ``sharp``, the default, differs from it: it warps at
        twice the final size, which keeps 6 dB more of the detail.
    demosaicing
        ``ahd`` develops shots in full, as the paper's were; ``half-size``, the default, develops Bayer raws straight to
        half the size: as near to the truth after the reduction, in a tenth of the time.
    photometry, photometry_pair
        See ``realdof.matching.photometry``; the default method differs from the paper's, which darkens the truth's
        contrast.
    ecc_iterations, ecc_epsilon
        See ``realdof.alignment.estimate.AlignmentSettings``.
    white_balance
        Shared by all four shots of a scene, unless it is ``camera``.
    keep_stages
        Whether the stages' outputs are kept in ``stages/<scene>/``.
    """

    recipe: Recipe = "sharp"
    demosaicing: Demosaicing = "half-size"
    photometry: PhotometricMethod = "lowpass-linear"
    photometry_pair: PhotometricPair = "target"
    ecc_iterations: int | None = None
    ecc_epsilon: float = 1e-6
    white_balance: WhiteBalance = "reference"
    keep_stages: bool = False


@dataclass(frozen=True)
class Build:
    """What the scenes' bytes depend on besides the captures: pipeline version, settings, versions of the software."""

    pipeline: int
    settings: Settings
    software: dict[str, str]


@dataclass(frozen=True)
class InputFile:
    """One shot, its path relative to the capture folder or manifest it was found by."""

    file: str
    sha256: str


@dataclass(frozen=True)
class OutputFile:
    """One image of the data set, its path relative to ``OUT``, its size in px and bits a channel."""

    file: str
    sha256: str
    height: int
    width: int
    bits: int


@dataclass(frozen=True)
class SceneRecord:
    """All there is to know of one scene.

    Attributes
    ----------
    name
        Of the scene, and of its files.
    verdict, reason
        Whether it is in the data set, and one sentence that says why.
    identity
        SHA-256 over build, inputs and defocused camera: the scene is built again if it changes. ``None`` if failed,
        and so is or is empty everything below.
    defocused_camera
        Its grid is the one everything lies on; the other camera's images are moved.
    inputs
        By member: ``reference/A``, ``reference/B``, ``target/A``, ``target/B``.
    outputs
        ``source`` and ``target``, if accepted or doubtful. ``reference_fixed``: the defocused camera's reference shot.
        ``reference_before``: the other camera's, mirror undone, not aligned. ``reference_moved``: the same aligned,
        its exposure as it was; missing if the alignment was rejected, and then the other two show the whole grid,
        otherwise the region. With ``--keep-stages`` also ``stages/...``.
    developed_by
        How each member got its colours; those that are not ``half-size`` where that was asked for were no Bayer raws.
    white_balance
        Multipliers of red, green, blue and second green that all four shots were developed with; ``None`` if each
        with its own camera's, or if they came developed.
    grid
        Height and width in px before the crop to the region; the alignment's homography lives on it.
    region
        The valid region on the grid, which all images are cropped to; ``None`` if the alignment was rejected.
    alignment
        Of the reference pair, from the defocused camera to the other.
    photometry
        From the other camera to the defocused one.
    quality
        What is left. The three maps (``residual_shift.field``, ``residual_exposure.map``, ``blur_sigma``) are empty
        in the manifest; ``read_record`` has them.
    """

    name: str
    verdict: SceneVerdict
    reason: str
    identity: str | None = None
    defocused_camera: Camera | None = None
    inputs: dict[str, InputFile] = field(default_factory=dict)
    outputs: dict[str, OutputFile] = field(default_factory=dict)
    developed_by: dict[str, DevelopedBy] = field(default_factory=dict)
    white_balance: tuple[float, float, float, float] | None = None
    grid: tuple[int, int] | None = None
    region: Region | None = None
    alignment: Alignment | None = None
    photometry: PhotometricModel | None = None
    quality: SceneQuality | None = None


@dataclass(frozen=True)
class Manifest:
    """A built data set.

    Attributes
    ----------
    version
        Of this format.
    build
        How it was built.
    scenes
        By name; without their maps.
    doubts
        What the checks of the captures (shutters, apertures, clocks) doubt about a scene, by its name.
    records
        SHA-256 of ``scenes/<scene>.json``, by the scene's name.
    """

    version: int
    build: Build
    scenes: tuple[SceneRecord, ...]
    doubts: dict[str, tuple[str, ...]]
    records: dict[str, str]

    @property
    def counts(self) -> dict[SceneVerdict, int]:
        """How many scenes of each verdict there are."""
        verdicts: tuple[SceneVerdict, ...] = ("accepted", "doubtful", "rejected", "failed")
        return {verdict: sum(scene.verdict == verdict for scene in self.scenes) for verdict in verdicts}


def record_path(out: Path, scene: str) -> Path:
    """Where a scene's record is."""
    return out / "scenes" / f"{scene}.json"


def without_maps(record: SceneRecord) -> SceneRecord:
    """The record as it stands in the manifest."""
    if record.quality is None:
        return record
    quality = replace(
        record.quality,
        residual_shift=replace(record.quality.residual_shift, field=()),
        residual_exposure=replace(record.quality.residual_exposure, map=()),
        blur_sigma=(),
    )
    return replace(record, quality=quality)


def read_manifest(out: Path) -> Manifest:
    """Read the manifest of a built data set.

    Raises
    ------
    InputError
        There is none, or it cannot be read or understood.
    """
    path = out / MANIFEST
    if not path.is_file():
        raise InputError(f"{out} holds no {MANIFEST}; give a folder that realdof build has finished")
    return _read(Manifest, path, known_version=VERSION)


def read_record(out: Path, scene: str) -> SceneRecord:
    """Read one scene's record, its maps included; raises as ``read_manifest``."""
    return _read(SceneRecord, record_path(out, scene))


def read_build(out: Path) -> Build:
    """Read what a folder's scenes are built with; raises as ``read_manifest``."""
    return _read(Build, out / BUILD)


def write_dataclass(path: Path, value: Manifest | SceneRecord | Build) -> None:
    """Write a manifest, record or build as JSON, atomically."""
    write_json(path, asdict(value))


def _read(kind: type[T], path: Path, *, known_version: int | None = None) -> T:
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}; build the data set again") from error
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path} is no JSON file ({error}); build the data set again") from error
    if known_version is not None and isinstance(content, Mapping) and content.get("version") != known_version:
        raise InputError(
            f"{path} is of version {content.get('version')!r}, known is {known_version}; use the release that wrote it"
        )
    return structure(kind, content, str(path))
