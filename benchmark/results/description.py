"""The content of ``run.json``, and how the first release's is read."""

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
        Operating system, processor, threads of torch, and what computed, by name.
    command
        The command line, the program's name first.
    """

    python: str = ""
    packages: dict[str, str | None] = Field(default_factory=dict)
    system: str = ""
    processor: str = ""
    threads: int | None = None
    device: str = ""
    command: list[str] = Field(default_factory=list)

    def differs(self, other: "Environment") -> bool:
        """Whether versions or hardware differ; the command line may."""
        return self.model_dump(exclude={"command"}) != other.model_dump(exclude={"command"})


class Attempt(Environment):
    """One attempt at a run: its date (UTC, empty if unknown) and its environment."""

    date: str


class MethodFacts(Strict):
    """What tables say of the method; see ``benchmark.method.MethodCard``."""

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
        The word on the command line, and one line for tables.
    published
        Whether the published figures are of them: their SHA-256 is in the method's card.
    claimed
        Whether only the user says so (``--claims-paper``).
    """

    name: str
    label: str
    published: bool = False
    claimed: bool = False

    @property
    def of_paper(self) -> bool:
        """Whether they may be compared with the published figures."""
        return self.published or self.claimed


class ComplexityFacts(Strict):
    """Parameters and multiply-accumulates at a size; ``macs`` follows the named convention."""

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
        The settings' id, and when the run was begun (UTC).
    settings
        What determines the figures.
    method, weights, complexity
        What tables say of the method, its weights and its cost.
    metrics
        Card of each metric that the run was scored by; none in runs of the first release.
    total
        Images in the data set, of which a limited run is on a part.
    of_papers
        Whether the images are those of papers; a set that ``realdof build`` made is not.
    attempts
        Every go at the run, with date, versions, hardware and command line; records name theirs by number.
    measured
        Attempts of the run whose outputs were scored, for a rescored run.
    doubts
        What looked wrong with the data set when the run was begun, one sentence each.
    finished, summary
        Whether every image has been tried, and the figures of the last time.
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
        # The first release wrote no date of the outputs into a rescored run.
        made = [_attempt(content.get("environment"), "" if "scored_with" in content else content.get("created"))]
        if "scored_with" in kept:
            scored = [_attempt(kept.pop("scored_with"), content.get("created"))]
            kept |= {"attempts": scored, "measured": made}
        else:
            kept["attempts"] = made
        if isinstance(content.get("weights"), Mapping):
            # The first release took a file in the official place for the authors', whatever it was.
            kept["weights"] = {**content["weights"], "published": False}
        return kept | {"schema": 2, "settings": content.get("determinants")}

    def content(self) -> dict[str, Any]:
        """What is written to ``run.json``."""
        return self.model_dump(mode="json", by_alias=True)


def _attempt(environment: Any, date: Any) -> Any:
    return {**environment, "date": date} if isinstance(environment, Mapping) else environment
