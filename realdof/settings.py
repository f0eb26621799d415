"""How a data set is built: every choice that its bytes depend on besides the captures and the software."""

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
    """How a data set is built.

    What is not given is the recipe's: ``Settings(recipe="paper")`` is ``Settings.paper()``.

    Attributes
    ----------
    rig
        ``dual``, the paper's: two cameras behind a beam splitter. ``single``: one camera on a tripod, two apertures.
    recipe
        ``sharp``, the default, differs from the paper: it warps at twice the final size, which keeps 6 dB more of the
        detail. ``paper`` resizes first and warps at the final size.
    demosaicing
        ``half-size``, the default of ``sharp``, develops Bayer raws straight to half the size: as near to the truth
        after the reduction, in a tenth of the time. ``ahd``, the default of ``paper``, develops in full.
    photometry
        Method of ``realdof.matching.photometry``. ``lowpass-linear``, the default of ``sharp``, differs from the paper
        because ``linear``, the default of ``paper``, lowers the contrast of the all-in-focus image.
    photometry_pair
        The pair whose exposures are compared.
    ecc_iterations, ecc_epsilon
        See ``realdof.alignment.estimate.AlignmentSettings``.
    white_balance
        Of all four shots: ``reference``, that of the defocused camera's reference shot; ``camera``, each shot's own;
        or multipliers of red, green and blue.
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
        """The paper's recipe, exactly as ``realdof build --recipe paper`` follows it."""
        return cls(**{**_PAPER, **changes})

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all settings: equal settings have equal ones."""
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
