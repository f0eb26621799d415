"""The methods ``recipe:NAME`` for the registry; the code that runs them is imported only when one runs."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from baselines.recipes.recipe import Recipe, read_recipe, recipe_names
from benchmark.method import Architecture, Method, MethodCard, MethodFactory
from realdof.common.errors import InputError


class RecipeFactory:
    """The registry's entry of a recipe; `with_repository` makes it a method that can run."""

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
        """Return the method with the user's repository; see `benchmark.loading.RepositoryFactory`."""
        return ReadyRecipe(self, repository, python or "python", timeout)

    def load(self, weights: str | None = None) -> Method:
        """Raise `InputError`: no repository has been given."""
        raise InputError(
            f"recipe:{self.recipe.name} needs --repo PATH, a clone of {self.recipe.repository} ({self.recipe.commit})"
        )

    def architecture(self) -> Architecture | None:
        """Return None: the program's network is unknown."""
        return None


@dataclass(frozen=True)
class ReadyRecipe:
    """A recipe with the user's clone of the repository, its Python interpreter, and the seconds allowed per image."""

    factory: RecipeFactory
    repository: Path
    python: str
    timeout: float

    @property
    def card(self) -> MethodCard:
        """The recipe's card."""
        return self.factory.card

    def load(self, weights: str | None = None) -> Method:
        """Make the method ready to run.

        Raises
        ------
        InputError
            Weights are given, the repository lacks what the recipe needs, or the interpreter does not exist.
        """
        from baselines.command.program import Program
        from baselines.recipes.method import RecipeMethod
        from baselines.recipes.workspace import check_repository

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
        """Return None: the program's network is unknown."""
        return None


class Recipes:
    """The entry point ``recipe``: every recipe of the package, and any recipe in a file."""

    card = MethodCard(
        "recipe", "Recipe", "single", "the authors' own code: recipe:NAME or recipe:FILE.toml, and --repo"
    )

    def member(self, name: str) -> MethodFactory:
        """Return the recipe with this name or in this file; see `benchmark.loading.MethodFamily`."""
        return RecipeFactory(read_recipe(name))

    def members(self) -> dict[str, MethodFactory]:
        """Return every recipe of the package by its full name."""
        return {f"recipe:{name}": self.member(name) for name in recipe_names()}

    def load(self, weights: str | None = None) -> Method:
        """Raise `InputError`: no recipe is named."""
        raise InputError(f"name a recipe, as in --method recipe:{recipe_names()[0]}; `ifan-bench methods` lists them")

    def architecture(self) -> Architecture | None:
        """Return None: the program's network is unknown."""
        return None


recipe = Recipes()
