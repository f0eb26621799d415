"""Run the authors' own code as a method, once for all images of a run."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from baselines.command.program import Program, ProgramError, end_of
from baselines.recipes.recipe import Recipe
from baselines.recipes.workspace import copy_repository, place_images, read_result
from benchmark.method import Capabilities, Context, Deblurred, Method, MethodCard, Sample, WeightsUsed


class RecipeMethod(Method):
    """A method that runs the authors' code in a copy of their repository."""

    capabilities = Capabilities(in_process=False, at_once=True)

    def __init__(self, recipe: Recipe, card: MethodCard, repository: Path, program: Program, sha256: str) -> None:
        self.recipe, self.card, self.repository, self.program = recipe, card, repository, program
        names = ", ".join(weights.path for weights in recipe.weights)
        self.weights = WeightsUsed("repository", sha256, f"{names} in {_version(repository)}")
        self._started: _Started | None = None

    def deblur(self, sample: Sample, context: Context) -> Deblurred:
        """Deblur one sample; the first call runs the script for all images that the run still has to do.

        Raises
        ------
        ProgramError
            The script failed or took too long, or this image's output is missing, unreadable or of another size.
        """
        if self._started is None or sample.name not in self._started.left:
            self._started = self._start(sample, context)
        began, started = time.perf_counter(), self._started
        number = started.left.pop(sample.name)
        try:
            if started.error is not None:
                raise started.error
            image = read_result(self.recipe, started.folder, number, sample.image)
        except ProgramError as error:
            kept = f"; its log is {started.log}" if context.logs else ""
            raise ProgramError(f"{self.recipe.name} {error}{end_of(started.log)}{kept}") from error
        finally:
            if not started.left:
                started.holder.cleanup()
        seconds = started.seconds_an_image + time.perf_counter() - began
        return Deblurred(image.to(sample.image.device), seconds=seconds, memory=started.memory)

    def _start(self, sample: Sample, context: Context) -> "_Started":
        began = time.perf_counter()
        holder = tempfile.TemporaryDirectory(prefix="ifan-bench-")
        folder = Path(holder.name).resolve() / "repository"
        copy_repository(self.recipe, self.repository, folder)
        log = (context.logs or folder.parent) / "all-images.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        numbers = place_images(self.recipe, _with(sample, context), folder)
        error, memory = None, None
        try:
            where = folder / self.recipe.where if self.recipe.where else folder
            memory = self.program.run({"folder": folder}, log, len(numbers), where)
        except ProgramError as failure:
            error = failure
        seconds = (time.perf_counter() - began) / len(numbers)
        return _Started(holder, folder, log, numbers, seconds, memory, error)


def _with(sample: Sample, context: Context) -> Iterator[Sample]:
    """Yield the samples still to do, and this sample last if it is not among them."""
    upcoming = [sample] if context.upcoming is None else context.upcoming()
    seen = False
    for one in upcoming:
        seen = seen or one.name == sample.name
        yield one
    if not seen:
        yield sample


@dataclass
class _Started:
    """One run of a script: its folder, the numbers of the images still to be read, its time, memory and error."""

    holder: tempfile.TemporaryDirectory[str]
    folder: Path
    log: Path
    left: dict[str, int]
    seconds_an_image: float
    memory: int | None
    error: ProgramError | None


def _version(repository: Path) -> str:
    """Return the repository's name and commit, and whether files were changed; no commit without a git checkout."""
    git = shutil.which("git")
    if git is None or not (repository / ".git").exists():
        return f"{repository.resolve().name}, of no known commit"
    line = [git, "-C", str(repository)]
    commit = subprocess.run([*line, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=False)
    changed = subprocess.run([*line, "diff", "--quiet", "HEAD"], capture_output=True, check=False).returncode
    if commit.returncode:
        return f"{repository.resolve().name}, of no known commit"
    return f"{repository.resolve().name} at {commit.stdout.strip()}{', with changes' if changed else ''}"
