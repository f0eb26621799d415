"""Settings of a build: everything but the captures and the software that a data set's bytes depend on."""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import ConfigDict, Field, field_validator, model_validator

from realdof.captures.scene import Rig
from realdof.common.decode import Strict
from realdof.geometry.warp import Recipe
from realdof.matching.photometry import PhotometricMethod, PhotometricPair
from realdof.raw.developed import Demosaicing

WhiteBalance = str | Annotated[tuple[float, float, float], Field(strict=False)]
"""See ``Settings.white_balance``."""

_PAPER: Mapping[str, Any] = {"recipe": "paper", "demosaicing": "ahd", "photometry": "linear"}
_BALANCES = ("reference", "camera")


class Settings(Strict):
    """Settings of a build.

    Settings that are not given follow the recipe: ``Settings(recipe="paper")`` equals ``Settings.paper()``.

    Attributes
    ----------
    rig
        ``dual``, as in the paper: two cameras behind a beam splitter. ``single``: one camera on a tripod at two
        apertures.
    recipe
        ``sharp``, the default, differs from the paper: it warps at twice the final size, which preserves detail better
        by 6 dB. ``paper`` resizes first and warps at the final size.
    demosaicing
        ``half-size``, the default of ``sharp``, develops Bayer raws directly to half the size: after the reduction it
        is as accurate, in a tenth of the time. ``ahd``, the default of ``paper``, develops in full.
    photometry
        Method of ``realdof.matching.photometry``. ``lowpass-linear``, the default of ``sharp``, differs from the paper
        because ``linear``, the default of ``paper``, lowers the contrast of the all-in-focus image.
    photometry_pair
        The pair whose exposures are compared.
    ecc_iterations, ecc_epsilon
        See ``realdof.alignment.estimate.AlignmentSettings``.
    white_balance
        White balance of all shots: ``reference`` for that of the defocused camera's reference shot, ``camera`` for each
        shot's own, or multipliers of red, green and blue.
    """

    model_config = ConfigDict(allow_inf_nan=False)

    rig: Rig = "dual"
    recipe: Recipe = "sharp"
    demosaicing: Demosaicing = "half-size"
    photometry: PhotometricMethod = "lowpass-linear"
    photometry_pair: PhotometricPair = "target"
    ecc_iterations: int | None = Field(default=None, ge=1)
    ecc_epsilon: float = 1e-6
    white_balance: WhiteBalance = "reference"

    @classmethod
    def paper(cls, **changes: Any) -> "Settings":
        """Return the settings of the paper's recipe, the same as those of ``realdof build --recipe paper``."""
        return cls(**{**_PAPER, **changes})

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all settings; equal settings have equal fingerprints."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, given: Any) -> Any:
        return {**_PAPER, **given} if isinstance(given, Mapping) and given.get("recipe") == "paper" else given

    @field_validator("white_balance")
    @classmethod
    def _is_balance(cls, value: WhiteBalance) -> WhiteBalance:
        if value in _BALANCES or (isinstance(value, tuple) and min(value) > 0):
            return value
        raise ValueError("give reference, camera, or three positive multipliers such as 2.35,1,1.62")
