"""The card of a metric: the facts that tables, files and checks need, readable without torch."""

from collections.abc import Collection
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, field_serializer, model_validator

from realdof.common.decode import Strict

Need: TypeAlias = Literal["output", "target", "input", "blur map"]
"""Possible inputs of a metric: the method's output, the all-in-focus image, the defocused image, and its blur map."""


def _number(value: Any) -> Any:
    # JSON has no infinity, so it is written as text; older results have "inf".
    return float(value) if value in ("inf", "-inf", "Infinity", "-Infinity") else value


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _frozenset(value: Any) -> Any:
    known = isinstance(value, list | tuple | set) and all(isinstance(need, str) for need in value)
    return frozenset(value) if known else value


Number: TypeAlias = Annotated[float, BeforeValidator(_number)]


class OverPixels(Strict):
    """A PSNR over all pixels of one kind in the data set, not the mean of the images' PSNRs.

    The figure is 10 log10(sum of shares / sum of share x error), summed over images.

    Parameters
    ----------
    error
        Name of the score that is an image's mean squared error over these pixels; missing if the image has none.
    share
        Name of the score that is the share of these pixels in the image, in [0, 1].
    against
        Name of the score that is the defocused image's mean squared error over these pixels: the figure is then the
        output's PSNR minus the defocused image's PSNR. None for the output's own PSNR.
    """

    error: str
    share: str
    against: str | None = None

    @property
    def scores(self) -> frozenset[str]:
        """Names of the scores that the figure is made of."""
        return frozenset({self.error, self.share} | ({self.against} if self.against else set()))


class ShareHarmed(Strict):
    """The percentage of images whose PSNR over pixels of one kind falls from input to output by more than a limit.

    Images without such pixels are left out.

    Parameters
    ----------
    error, share, against
        See `OverPixels`.
    limit
        dB; a smaller loss does not count as harm.
    """

    error: str
    share: str
    against: str
    limit: float = Field(gt=0)

    @property
    def scores(self) -> frozenset[str]:
        """Names of the scores that the figure is made of."""
        return frozenset({self.error, self.share, self.against})


Averaging: TypeAlias = Literal["images"] | OverPixels | ShareHarmed
"""How the images' values are combined into one figure: their mean, `OverPixels` or `ShareHarmed`."""


class MetricCard(Strict):
    """The facts about a metric that tables, files and checks need.

    Attributes
    ----------
    name
        Name on the command line and in results: lower-case letters, digits and ``-``, ``_``, ``.`` or ``@``; or
        ``pyiqa:`` followed by the name of a metric of pyiqa.
    title
        Heading in tables, without unit or arrow.
    unit
        Unit of the value; empty for a metric without one.
    better
        ``higher`` or ``lower``: which values rank first.
    decimals
        Digits after the point in tables.
    range
        Smallest and largest possible value; infinity is allowed.
    needs
        Inputs that the metric takes as keyword arguments; the keyword of ``blur map`` is ``blur_map``.
    averaged
        How the images' values are combined into one figure: ``images`` for their mean, `OverPixels` or `ShareHarmed`.
    source
        Where the metric is defined: paper, equation, options.
    facts
        Everything else that determines its values: version of a package, options, SHA-256 of its weights.

    Raises
    ------
    pydantic.ValidationError
        A field is missing, unknown, or of another type.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._@-]*$|^pyiqa:[A-Za-z0-9._@+-]+$")
    title: str = Field(min_length=1)
    unit: str = ""
    better: Literal["higher", "lower"]
    decimals: int = Field(ge=0, le=9)
    range: Annotated[tuple[Number, Number], BeforeValidator(_tuple)]
    needs: Annotated[frozenset[Need], BeforeValidator(_frozenset)] = frozenset({"output", "target"})
    averaged: Averaging = "images"
    source: str
    facts: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _written_for_this_version(cls, content: Any) -> Any:
        if isinstance(content, dict) and "lower_is_better" in content:
            raise ValueError("a MetricCard of ifan-bench 0.1: in place of lower_is_better it has better='lower'")
        return content

    @field_serializer("needs")
    def _sorted_needs(self, needs: Collection[Need]) -> list[Need]:
        return sorted(needs)

    @property
    def arrow(self) -> str:
        """The arrow that tables show for the better direction."""
        return "↑" if self.better == "higher" else "↓"

    @property
    def lower_is_better(self) -> bool:
        """Whether smaller values are better."""
        return self.better == "lower"

    def recorded_as(self, column: str) -> str:
        """Return the score that every finished image has for a column: its own, or its share of the pixels."""
        return column if self.averaged == "images" else self.averaged.share
