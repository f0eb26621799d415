"""What a built data set says of itself: ``manifest.json``, ``build.json``, and one record a scene with its maps."""

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
"""Of the format of these files."""

SceneVerdict = Verdict | Literal["failed"]
"""Accepted and doubtful scenes are in the data set; rejected and failed ones only in its manifest."""

_REMEDY = "build the data set again in a new folder"


class _Stored(Strict):
    """Data of these files: a frozen type of finite numbers without unknown fields."""

    model_config = ConfigDict(allow_inf_nan=False)


Kind = TypeVar("Kind", bound=_Stored)


class Build(_Stored):
    """What a folder's scenes are built with: another build's scenes are never mixed with them.

    Attributes
    ----------
    version
        Of the format of the data set's files.
    pipeline
        Version of the pipeline; it changes with the bytes of a scene.
    settings, fingerprint
        The settings, and their SHA-256.
    keeps_stages
        Whether the images between the stages are kept in ``stages/<scene>/``.
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
    """One shot, its path relative to the capture folder or manifest it was found by."""

    file: str
    sha256: str


class OutputFile(_Stored):
    """One image of the data set, its path relative to ``OUT``, its size in px and bits a channel."""

    file: str
    sha256: str
    height: int
    width: int
    bits: int


class SceneRecord(_Stored):
    """Everything that is recorded about one scene.

    Attributes
    ----------
    name
        Of the scene, and of its files.
    verdict, reason
        Whether it is in the data set, and one sentence that says why.
    identity
        SHA-256 over build, inputs and defocused camera: the scene is built again if it changes. ``None`` for a failed
        scene, of which everything below is missing too.
    defocused_camera
        Its grid is the one everything lies on; the other camera's images are moved.
    inputs
        By member: ``reference/A``, ``reference/B``, ``target/A``, ``target/B``.
    outputs
        ``source`` and ``target``, if accepted or doubtful; ``reference_moved`` unless the alignment was rejected, and
        then ``reference_fixed`` and ``reference_before`` show the whole grid, otherwise the region.
    stages
        Images between the stages, if the build keeps them.
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

    version: int = VERSION
    build: Build
    scenes: tuple[SceneRecord, ...]
    doubts: dict[str, tuple[str, ...]]
    records: dict[str, str]

    @property
    def counts(self) -> dict[SceneVerdict, int]:
        """How many scenes of each verdict there are."""
        verdicts: tuple[SceneVerdict, ...] = ("accepted", "doubtful", "rejected", "failed")
        return {verdict: sum(scene.verdict == verdict for scene in self.scenes) for verdict in verdicts}


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
    return record.model_copy(update={"quality": quality})


def read_manifest(out: Path) -> Manifest:
    """Read the manifest of a built data set.

    Raises
    ------
    InputError
        There is none, it cannot be read or understood, or another release wrote it.
    """
    path = out / MANIFEST
    if not path.is_file():
        raise InputError(f"{out} holds no {MANIFEST}; give a folder that realdof build has finished")
    return _of_this_version(path, Manifest)


def read_build(out: Path) -> Build:
    """Read what a folder's scenes are built with; raises as ``read_manifest``."""
    return _of_this_version(out / BUILD, Build)


def read_record(out: Path, scene: str) -> SceneRecord:
    """Read one scene's record, its maps included; raises as ``read_manifest``."""
    return read_json(record_path(out, scene), SceneRecord, _REMEDY)


def write_record(path: Path, value: _Stored) -> None:
    """Write a manifest, record or build as JSON, atomically."""
    write_json(path, value.model_dump(mode="json"))


class _Version(BaseModel):
    """The field that tells which release wrote a file; the oldest builds have none."""

    version: Any = Field(default="an earlier one")


def _of_this_version(path: Path, model: type[Kind]) -> Kind:
    found = read_json(path, _Version, _REMEDY).version
    if found != VERSION:
        raise InputError(
            f"{path} is of version {found!r}, this release reads {VERSION}; use the release that wrote it, or {_REMEDY}"
        )
    return read_json(path, model, _REMEDY)
