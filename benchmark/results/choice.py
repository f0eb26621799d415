"""Which run a user means: a folder, the first digits of an id, or a method's name."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.results.run import RunFolder, find_runs
from realdof.common.errors import InputError


@dataclass(frozen=True)
class Chosen:
    """A run and its description."""

    folder: RunFolder
    description: dict[str, Any]

    @property
    def settings(self) -> dict[str, Any]:
        """What determines the run's figures."""
        return dict(self.description["determinants"])

    @property
    def label(self) -> str:
        """Method, weights and id, for messages."""
        weights = self.description["weights"]
        named = f" ({weights['name']})" if weights else ""
        return f"{self.settings['method']}{named} {self.description['id']}"

    def output(self, name: str) -> Path:
        """Where an image's result is: a run of scores alone shares the outputs of the run it was scored from."""
        origin = self.settings.get("rescored")
        folder = self.folder if origin is None else RunFolder(self.folder.path.parent / origin)
        return folder.output(name)


def every_run(results: Path, dataset: str | None = None, protocol: str | None = None) -> list[Chosen]:
    """The runs of a results folder, on one data set or all, under one protocol or all."""
    found = [Chosen(folder, folder.description) for folder in find_runs(results, dataset)]
    return [run for run in found if protocol is None or protocol == run.settings["protocol"]]


def choose(results: Path, word: str, dataset: str | None = None, protocol: str | None = None) -> Chosen:
    """The one run that a word means.

    Parameters
    ----------
    word
        A run's folder, at least four digits of an id, or the name of a method with one run.
    dataset, protocol
        Narrow the choice.

    Raises
    ------
    InputError
        No run is meant, or more than one.
    """
    if (Path(word) / "run.json").is_file():
        folder = RunFolder(Path(word))
        return Chosen(folder, folder.description)
    runs = every_run(results, dataset, protocol)
    named = [run for run in runs if run.settings["method"] == word]
    found = named or [run for run in runs if len(word) >= 4 and run.description["id"].startswith(word)]
    if not found:
        there = ", ".join(run.label for run in runs[:8]) or "none"
        raise InputError(f"no run of {results} is meant by {word}; there are {there}")
    if len(found) > 1:
        several = ", ".join(
            f"{run.description['id']} ({run.settings['dataset']}, {run.settings['protocol']})" for run in found[:8]
        )
        raise InputError(f"{word} means {len(found)} runs: {several}; give an id, or --dataset and --protocol")
    return found[0]
