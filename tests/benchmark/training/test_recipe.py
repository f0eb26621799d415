"""The recipe: the paper's by default, what options change of it, and the optimiser it asks for."""

import json

import pytest
import torch
from torch import nn

from benchmark.training.recipe import Recipe, optimiser_for


def test_the_papers_recipe_is_the_default() -> None:
    recipe = Recipe()
    assert (recipe.steps, recipe.batch, recipe.gradient_clip, recipe.weight_decay) == (600_000, 8, 0.5, 0.01)
    assert recipe.betas == (0.9, 0.99)
    assert [recipe.rate(step) for step in (0, 499_999, 500_000, 550_000)] == [1e-4, 1e-4, 5e-5, 2.5e-5]


def test_a_cosine_ends_at_zero_and_a_warm_up_rises_linearly() -> None:
    cosine = Recipe(steps=100, learning_rate=1.0, schedule="cosine")
    assert [cosine.rate(step) for step in (0, 50, 100)] == pytest.approx([1.0, 0.5, 0.0])
    assert [Recipe(learning_rate=1.0, warmup=3).rate(step) for step in range(5)] == [0.25, 0.5, 0.75, 1.0, 1.0]


def test_options_that_are_not_given_leave_the_recipe_as_it_is() -> None:
    paper = Recipe(batch=5)
    assert paper.changed({"steps": 3, "batch": None, "warmup": 0}) == Recipe(steps=3, batch=5)


def test_a_recipe_without_a_gradient_limit_is_json() -> None:
    words = json.loads(json.dumps(Recipe(gradient_clip=float("inf")).described(), allow_nan=False))
    assert words["gradient_clip"] is None
    assert words["betas"] == [0.9, 0.99]


def test_the_optimiser_is_radam_with_decoupled_weight_decay() -> None:
    optimiser = optimiser_for(nn.Linear(1, 1), Recipe())
    assert isinstance(optimiser, torch.optim.RAdam)
    assert optimiser.defaults["decoupled_weight_decay"] is True


def test_adam_is_adam() -> None:
    optimiser = optimiser_for(nn.Linear(1, 1), Recipe(optimiser="adam", betas=(0.9, 0.999), weight_decay=0.0))
    assert type(optimiser) is torch.optim.Adam
    assert (optimiser.defaults["betas"], optimiser.defaults["weight_decay"]) == ((0.9, 0.999), 0)


def test_a_limit_of_time_ends_the_cosine_when_the_time_is_used_up() -> None:
    limited = Recipe(steps=100, learning_rate=1.0, schedule="cosine", seconds=10.0)
    assert [limited.done(*at) for at in ((0, 0.0), (10, 5.0), (80, 5.0), (10, 20.0))] == [0.0, 0.5, 0.8, 1.0]
    assert [limited.rate(*at) for at in ((0, 0.0), (10, 5.0), (10, 10.0))] == pytest.approx([1.0, 0.5, 0.0])
