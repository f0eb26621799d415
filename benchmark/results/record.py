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
        Values by metric, and further scores of the protocol (``shift_px``, ``mse@BAND``); usually empty without an
        all-in-focus image. A value may be infinite, but never NaN.
    seconds
        Wall-clock time of the method alone, s; None for outputs made elsewhere.
    peak_memory
        Bytes: largest resident set of the process while the method ran, or largest allocation on a GPU; None if it
        could not be measured.
    error
        Reason of the failure; None if the image succeeded.
    stages
        Seconds by stage of the method, such as defocus map and deconvolution.
    tiling
        How the image was cut into tiles; None if it was computed whole.
    device
        Name of the computing device and number of threads; None for outputs made elsewhere.
    workers
        Number of images computed at once; if above 1, the time is not that of the method alone.
    beside
        Whether other images were read and scored during the computation, which affects its time.
    groups
        The image's groups by kind, such as its scene or f-stop.
    target
        Name of the all-in-focus image, which several images may share; None if it is the image's own.
    size
        Height and width in px of the scored image; None in records of earlier releases.
    signs
        Signs of common mistakes in the image, its output and its target; see `benchmark.suspicion.signs`.
    attempt
        Index of the run's attempt that made the record, from 0.
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
        """Return this record with an earlier record's times and memory, for outputs that are scored again."""
        found = {"status": self.status, "scores": self.scores, "error": self.error, "signs": self.signs}
        return earlier.model_copy(update=found)

    def with_scores_of(self, earlier: Self | None) -> Self:
        """Return this record with an earlier record's scores of other metrics added, so that none is lost."""
        if earlier is None or "failed" in (earlier.status, self.status):
            return self
        return self.model_copy(update={"scores": {**earlier.scores, **self.scores}})
