"""The metadata of a built data set: ``manifest.json``, ``build.json``, and one record with maps per scene."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from realdof.alignment.estimate import Alignment
from realdof.alignment.verdict import Verdict
from realdof.captures.scene import Camera
from realdof.common.decode import Strict, read_json
from realdof.common.errors import InputError
from realdof.common.files import write_json
from realdof.dataset.layout import BUILD, MANIFEST, Role, Stage, record_path
from realdof.geometry.grid import Region
from realdof.matching.photometry import PhotometricModel
from realdof.matching.quality import SceneQuality
from realdof.raw.developed import DevelopedBy
from realdof.settings import Settings

VERSION = 3
"""Version of the format of these files."""

SceneVerdict = Verdict | Literal["failed"]
"""Verdict on a scene: accepted and doubtful scenes are in the data set, rejected and failed ones in the manifest."""

_REMEDY = "build the data set again in a new folder"


class _Stored(Strict):
    """Base of the models of these files: frozen, with finite numbers only and without unknown fields."""

    model_config = ConfigDict(allow_inf_nan=False)


Kind = TypeVar("Kind", bound=_Stored)


class Build(_Stored):
    """The settings and software of a build; scenes of different builds are never mixed in one folder.

    Attributes
    ----------
    version
        Version of the format of the data set's files.
    pipeline
        Version of the pipeline; it changes whenever the bytes of a scene change.
    settings, fingerprint
        The settings, and their SHA-256.
    keeps_stages
        Whether intermediate images are kept in ``stages/<scene>/``.
    software
        Versions of the libraries that the bytes depend on.
    """

    version: int = VERSION
    pipeline: int
    settings: Settings
    fingerprint: str
    keeps_stages: bool = False
    software: dict[str, str]


class InputFile(_Stored):
    """One shot: its path relative to the capture folder or the list of scenes, and its SHA-256."""

    file: str
    sha256: str


class OutputFile(_Stored):
    """One image of the data set: its path relative to ``OUT``, its SHA-256, size in px and bits per channel."""

    file: str
    sha256: str
    height: int
    width: int
    bits: int


class SceneRecord(_Stored):
    """The record of one scene.

    Attributes
    ----------
    name
        Name of the scene and of its files.
    verdict, reason
        Whether the scene is in the data set, and one sentence that says why.
    identity
        SHA-256 over build, inputs and defocused camera: the scene is built again if it changes. ``None`` for a failed
        scene, which also lacks everything below.
    defocused_camera
        The camera whose grid all images are on; the other camera's images are moved to it.
    inputs
        By member: ``reference/A``, ``reference/B``, ``target/A``, ``target/B``.
    outputs
        The images: ``source`` and ``target`` if the scene is accepted or doubtful; ``reference_fixed`` and
        ``reference_before``; ``reference_moved`` unless the alignment was rejected. If it was rejected, the first two
        references show the whole grid, otherwise the region.
    stages
        Intermediate images, if the build keeps them.
    developed_by
        How each member was demosaiced; another value than the requested ``half-size`` means that the shot is not a
        Bayer raw.
    white_balance
        Multipliers of red, green, blue and second green with which all four shots were developed; ``None`` if each was
        developed with its own camera's, or if the shots were already developed.
    grid
        Height and width of the grid before the crop to the region, px; the alignment's homography refers to it.
    region
        The valid region of the grid to which all images are cropped; ``None`` if the alignment was rejected.
    alignment
        Alignment of the reference pair, from the defocused camera to the other one.
    photometry
        Correction of the exposure from the other camera to the defocused one.
    quality
        Quality after alignment. The three maps (``residual_shift.field``, ``residual_exposure.map``, ``blur_sigma``)
        are empty in the manifest; ``read_record`` returns them.
    """

    name: str
    verdict: SceneVerdict
    reason: str
    identity: str | None = None
    defocused_camera: Camera | None = None
    inputs: dict[str, InputFile] = Field(default_factory=dict)
    outputs: dict[Role, OutputFile] = Field(default_factory=dict)
    stages: dict[Stage, OutputFile] = Field(default_factory=dict)
    developed_by: dict[str, DevelopedBy] = Field(default_factory=dict)
    white_balance: tuple[float, float, float, float] | None = None
    grid: tuple[int, int] | None = None
    region: Region | None = None
    alignment: Alignment | None = None
    photometry: PhotometricModel | None = None
    quality: SceneQuality | None = None


class Manifest(_Stored):
    """A built data set.

    Attributes
    ----------
    version
        Version of the format.
    build
        Settings and software of the build.
    scenes
        The scenes' records, sorted by name, without their maps.
    doubts
        Doubts from the checks of the captures (shutters, apertures, clocks), by the scene's name.
    records
        SHA-256 of ``scenes/<scene>.json``, by the scene's name.
    """

    version: int = VERSION
    build: Build
    scenes: tuple[SceneRecord, ...]
    doubts: dict[str, tuple[str, ...]]
    records: dict[str, str]

    @property
    def counts(self) -> dict[SceneVerdict, int]:
        """Number of scenes by verdict."""
        verdicts: tuple[SceneVerdict, ...] = ("accepted", "doubtful", "rejected", "failed")
        return {verdict: sum(scene.verdict == verdict for scene in self.scenes) for verdict in verdicts}


def without_maps(record: SceneRecord) -> SceneRecord:
    """Return the record without its maps, as it is stored in the manifest."""
    if record.quality is None:
        return record
    quality = replace(
        record.quality,
        residual_shift=replace(record.quality.residual_shift, field=()),
        residual_exposure=replace(record.quality.residual_exposure, map=()),
        blur_sigma=(),
    )
    return record.model_copy(update={"quality": quality})


def read_manifest(out: Path) -> Manifest:
    """Read the manifest of a built data set.

    Raises
    ------
    InputError
        The manifest is missing, cannot be read or decoded, or was written by another release.
    """
    path = out / MANIFEST
    if not path.is_file():
        raise InputError(f"{out} holds no {MANIFEST}; give a folder that realdof build has finished")
    return _of_this_version(path, Manifest)


def read_build(out: Path) -> Build:
    """Read the settings and software of a folder's build; raises like ``read_manifest``."""
    return _of_this_version(out / BUILD, Build)


def read_record(out: Path, scene: str) -> SceneRecord:
    """Read one scene's record, including its maps; raises like ``read_manifest``."""
    return read_json(record_path(out, scene), SceneRecord, _REMEDY)


def write_record(path: Path, value: _Stored) -> None:
    """Write a manifest, record or build as JSON, atomically."""
    write_json(path, value.model_dump(mode="json"))


class _Version(BaseModel):
    """The version field of a file, which the oldest builds lack."""

    version: Any = Field(default="an earlier one")


def _of_this_version(path: Path, model: type[Kind]) -> Kind:
    found = read_json(path, _Version, _REMEDY).version
    if found != VERSION:
        raise InputError(
            f"{path} is of version {found!r}, this release reads {VERSION}; use the release that wrote it, or {_REMEDY}"
        )
    return read_json(path, model, _REMEDY)
