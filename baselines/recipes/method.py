"""The methods ``recipe:NAME``: the authors' own code, started once for all images of a run."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from baselines.command.program import Program, ProgramError, end_of
from baselines.recipes.recipe import Recipe, read_recipe, recipe_names
from baselines.recipes.workspace import check_repository, copy_repository, place_images, read_result
from benchmark.method import (
    Architecture,
    Capabilities,
    Context,
    Deblurred,
    Method,
    MethodCard,
    MethodFactory,
    Sample,
    WeightsUsed,
)
from realdof.common.errors import InputError


class RecipeMethod(Method):
    """The authors' code in a copy of their repository."""

    capabilities = Capabilities(in_process=False, at_once=True)

    def __init__(self, recipe: Recipe, card: MethodCard, repository: Path, program: Program, sha256: str) -> None:
        self.recipe, self.card, self.repository, self.program = recipe, card, repository, program
        names = ", ".join(weights.path for weights in recipe.weights)
        self.weights = WeightsUsed("repository", sha256, f"{names} in {_version(repository)}")
        self._started: _Started | None = None

    def deblur(self, sample: Sample, context: Context) -> Deblurred:
        """Deblur one sample; the script is started with the first, for all that the run has yet to do.

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
    """What the run has yet to do; this sample first if that does not hold it."""
    upcoming = [sample] if context.upcoming is None else context.upcoming()
    seen = False
    for one in upcoming:
        seen = seen or one.name == sample.name
        yield one
    if not seen:
        yield sample


@dataclass
class _Started:
    """One start of a script: its folder, the numbers of the images still to be read, and what it took."""

    holder: tempfile.TemporaryDirectory[str]
    folder: Path
    log: Path
    left: dict[str, int]
    seconds_an_image: float
    memory: int | None
    error: ProgramError | None


def _version(repository: Path) -> str:
    """The repository's commit, with a word if files were changed; its name alone if it is no git checkout."""
    git = shutil.which("git")
    if git is None or not (repository / ".git").exists():
        return f"{repository.resolve().name}, of no known commit"
    line = [git, "-C", str(repository)]
    commit = subprocess.run([*line, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=False)
    changed = subprocess.run([*line, "diff", "--quiet", "HEAD"], capture_output=True, check=False).returncode
    if commit.returncode:
        return f"{repository.resolve().name}, of no known commit"
    return f"{repository.resolve().name} at {commit.stdout.strip()}{', with changes' if changed else ''}"


class RecipeFactory:
    """A recipe by name; it becomes a method with the repository that the user has."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.card = MethodCard(
            name=recipe.name,
            title=recipe.title,
            inputs=recipe.inputs,
            summary=recipe.summary,
            paper=recipe.paper,
            licence=recipe.licence,
            sha256=tuple(weights.sha256 for weights in recipe.weights if weights.sha256),
            year=recipe.year,
            parameters_m=recipe.parameters_m,
            repository=f"{recipe.repository} at {recipe.commit}",
            address="; ".join(f"{weights.path}: {weights.source}" for weights in recipe.weights),
            unverified=(f"It needs {recipe.environment}.", *recipe.unverified),
        )

    def with_repository(self, repository: Path, python: str | None, timeout: float) -> "ReadyRecipe":
        """The method with its repository; see `benchmark.method.RepositoryFactory`."""
        return ReadyRecipe(self, repository, python or "python", timeout)

    def load(self, weights: str | None = None) -> Method:
        """Raise `InputError`: there is no repository."""
        raise InputError(
            f"recipe:{self.recipe.name} needs --repo PATH, a clone of {self.recipe.repository} ({self.recipe.commit})"
        )

    def architecture(self) -> Architecture | None:
        """Unknown."""
        return None


@dataclass(frozen=True)
class ReadyRecipe:
    """A recipe with the repository that the user has, the interpreter of its environment, and seconds for an image."""

    factory: RecipeFactory
    repository: Path
    python: str
    timeout: float

    @property
    def card(self) -> MethodCard:
        """The recipe's."""
        return self.factory.card

    def load(self, weights: str | None = None) -> Method:
        """Make the method ready to run.

        Raises
        ------
        InputError
            Weights are given, the repository does not hold what the recipe needs, or there is no such interpreter.
        """
        recipe = self.factory.recipe
        if weights is not None:
            raise InputError(f"recipe:{recipe.name} takes no --weights; it looks in the repository for its own")
        words = tuple(word.replace("{python}", self.python) for word in recipe.run)
        if shutil.which(words[0]) is None:
            raise InputError(
                f"there is no program {words[0]}; give the interpreter of the script's environment: --python"
            )
        sha256 = check_repository(recipe, self.repository)
        return RecipeMethod(recipe, self.card, self.repository.resolve(), Program(words, self.timeout), sha256)

    def architecture(self) -> Architecture | None:
        """Unknown."""
        return None


class Recipes:
    """The entry point ``recipe``: every recipe that comes with the package, and any in a file."""

    card = MethodCard(
        "recipe", "Recipe", "single", "the authors' own code: recipe:NAME or recipe:FILE.toml, and --repo"
    )

    def member(self, name: str) -> MethodFactory:
        """The recipe of this name or in this file; see `benchmark.method.MethodFamily`."""
        return RecipeFactory(read_recipe(name))

    def members(self) -> dict[str, MethodFactory]:
        """Every recipe that comes with the package, by its full name."""
        return {f"recipe:{name}": self.member(name) for name in recipe_names()}

    def load(self, weights: str | None = None) -> Method:
        """Raise `InputError`: no recipe is named."""
        raise InputError(f"name a recipe, as in --method recipe:{recipe_names()[0]}; `ifan-bench methods` lists them")

    def architecture(self) -> Architecture | None:
        """Unknown."""
        return None


recipe = Recipes()
