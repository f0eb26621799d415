"""The record of one image: scores, time, memory and status; a line of ``records.jsonl``."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field

from benchmark.results.numbers import Number, Seconds
from benchmark.results.settings import Name, PlainTexts


class Record(PlainTexts):
    """The result of one image in a run.

    Attributes
    ----------
    name
        The image's name in its data set.
    status
        ``ok``, or ``failed`` with the reason in ``error``.
    scores
        Value by metric, and what a protocol finds beside (``shift_px``, ``mse@BAND``); empty without an all-in-focus
        image. A value may be infinite, never NaN.
    seconds
        Wall-clock time of the method alone; None for outputs that were made elsewhere.
    peak_memory
        Bytes: largest resident set of the process while the method ran, or largest allocation on a GPU; None if it
        could not be measured.
    error
        Why it failed.
    stages
        Seconds of the method's stages by name, such as a defocus map and the deconvolution.
    tiling
        How the image was cut into tiles; None if it was computed whole.
    device
        What computed it, by name and number of threads; None for outputs that were made elsewhere.
    workers
        How many images were computed at once: a time taken beside others is not the method's own.
    beside
        Whether other images were read and scored while it was computed, which its time then shows.
    groups
        What the image belongs to, such as its scene or f-stop, by kind.
    target
        Name of the all-in-focus image, which several images may share; None if it is the image's own.
    size
        Height and width in px of the image as it was scored; None in records of earlier releases.
    signs
        What the image, its output and its truth show of common mistakes; see `benchmark.suspicion.signs`.
    attempt
        Number of the run's attempt that made it, from 0.
    """

    name: Name
    status: Literal["ok", "failed"]
    scores: Mapping[str, Number] = Field(default_factory=dict)
    seconds: Seconds | None = None
    peak_memory: Annotated[int, Field(ge=0)] | None = None
    error: str | None = None
    stages: Mapping[str, Seconds] = Field(default_factory=dict)
    tiling: str | None = None
    device: str | None = None
    workers: Annotated[int, Field(ge=1)] = 1
    beside: bool = False
    groups: Mapping[str, str] = Field(default_factory=dict)
    target: str | None = None
    size: Annotated[tuple[int, int], Field(strict=False)] | None = None
    signs: Mapping[str, Number] = Field(default_factory=dict)
    attempt: Annotated[int, Field(ge=0)] = 0

    def with_times_of(self, earlier: Self) -> Self:
        """This record with an earlier one's times and memory, for outputs that are scored again."""
        found = {"status": self.status, "scores": self.scores, "error": self.error, "signs": self.signs}
        return earlier.model_copy(update=found)

    def with_scores_of(self, earlier: Self | None) -> Self:
        """This record with an earlier one's scores of other metrics added, so that measuring one more loses none."""
        if earlier is None or "failed" in (earlier.status, self.status):
            return self
        return self.model_copy(update={"scores": {**earlier.scores, **self.scores}})
