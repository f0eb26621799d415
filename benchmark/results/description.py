"""The content of ``run.json``, including that of the first release."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from benchmark.metrics.card import MetricCard
from benchmark.results.settings import Name, PlainTexts, Settings
from benchmark.results.summary import Summary
from realdof.common.decode import Strict


class Environment(Strict):
    """Software and hardware of an attempt, and its command line.

    Attributes
    ----------
    python, packages
        Versions; None for a package that is not installed.
    system, processor, threads, device
        Operating system, processor, number of torch threads, and name of the computing device.
    command
        The command line, starting with the program's name.
    """

    python: str = ""
    packages: dict[str, str | None] = Field(default_factory=dict)
    system: str = ""
    processor: str = ""
    threads: int | None = None
    device: str = ""
    command: list[str] = Field(default_factory=list)

    def differs(self, other: "Environment") -> bool:
        """Return whether versions or hardware differ; the command line is ignored."""
        return self.model_dump(exclude={"command"}) != other.model_dump(exclude={"command"})


class Attempt(Environment):
    """One attempt at a run: its date (UTC, empty if unknown) and its environment."""

    date: str


class MethodFacts(Strict):
    """The facts about the method that tables show; see ``benchmark.method.MethodCard``."""

    title: str
    inputs: str
    summary: str = ""
    paper: str = ""
    tolerance: dict[str, float] = Field(default_factory=dict)


class WeightsFacts(Strict):
    """The weights of a run.

    Attributes
    ----------
    name, label
        Name on the command line, and one line for tables.
    published
        Whether their SHA-256 is in the method's card, so that the published figures belong to them.
    claimed
        Whether only the user claims this (``--claims-paper``).
    """

    name: str
    label: str
    published: bool = False
    claimed: bool = False

    @property
    def of_paper(self) -> bool:
        """Whether the run may be compared with the published figures."""
        return self.published or self.claimed


class ComplexityFacts(Strict):
    """Parameters and multiply-accumulates at an image size; ``macs`` follows the named convention."""

    parameters: int
    macs: int
    macs_exact: int | None = None
    convention: str = ""
    height: int | None = None
    width: int | None = None


class Description(PlainTexts):
    """The content of ``run.json``.

    Attributes
    ----------
    id, created
        The settings' id, and the date of the run's start (UTC).
    settings
        The settings that determine the figures.
    method, weights, complexity
        Facts about the method, its weights and its cost that tables show.
    metrics
        Card of each metric that scored the run; none in runs of the first release.
    total
        Number of images in the data set; a limited run covers only a part of them.
    of_papers
        Whether the images are those that papers use; False for a set made with ``realdof build``.
    attempts
        Every attempt, with date, versions, hardware and command line; records refer to theirs by number.
    measured
        For a rescored run, the attempts of the run whose outputs were scored.
    doubts
        Doubts about the data set when the run was started, one sentence each.
    finished, summary
        Whether every image has been tried, and the figures at that time.
    """

    schema_: Literal[2] = Field(2, alias="schema")
    id: Name
    created: str
    settings: Settings
    method: MethodFacts
    weights: WeightsFacts | None = None
    complexity: ComplexityFacts | None = None
    metrics: dict[str, MetricCard] = Field(default_factory=dict)
    total: Annotated[int, Field(ge=0)]
    of_papers: bool = True
    attempts: list[Attempt] = Field(default_factory=list)
    measured: list[Attempt] = Field(default_factory=list)
    doubts: list[str] = Field(default_factory=list)
    finished: bool = False
    summary: Summary | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_the_first_release(cls, content: Any) -> Any:
        if not isinstance(content, Mapping) or content.get("schema") != 1:
            return content
        kept = {key: value for key, value in content.items() if key not in ("determinants", "environment")}
        # The first release did not record the date of the outputs in a rescored run.
        made = [_attempt(content.get("environment"), "" if "scored_with" in content else content.get("created"))]
        if "scored_with" in kept:
            scored = [_attempt(kept.pop("scored_with"), content.get("created"))]
            kept |= {"attempts": scored, "measured": made}
        else:
            kept["attempts"] = made
        if isinstance(content.get("weights"), Mapping):
            # The first release took any file in the official folder for the authors' weights.
            kept["weights"] = {**content["weights"], "published": False}
        return kept | {"schema": 2, "settings": content.get("determinants")}

    def content(self) -> dict[str, Any]:
        """Return the content to write to ``run.json``."""
        return self.model_dump(mode="json", by_alias=True)


def _attempt(environment: Any, date: Any) -> Any:
    return {**environment, "date": date} if isinstance(environment, Mapping) else environment
