"""Settings: checked when they are made, the paper's are the paper's wherever they are asked for, one print each."""

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from realdof.commands import build
from realdof.geometry.warp import Recipe
from realdof.matching.photometry import PhotometricMethod, PhotometricPair
from realdof.raw.developed import Demosaicing
from realdof.settings import Settings


def test_the_paper_s_recipe_develops_in_full_and_matches_by_the_linear_model() -> None:
    paper = Settings.paper()
    assert (paper.recipe, paper.demosaicing, paper.photometry) == ("paper", "ahd", "linear")
    assert Settings(recipe="paper") == paper
    assert Settings.paper(photometry="mean-std").photometry == "mean-std"
    assert Settings.paper(photometry="mean-std").demosaicing == "ahd"


def test_the_default_is_the_sharp_recipe() -> None:
    assert Settings() == Settings(recipe="sharp", demosaicing="half-size", photometry="lowpass-linear")


@pytest.mark.parametrize(
    "wrong",
    [
        {"recipe": "best"},
        {"ecc_iterations": 0},
        {"ecc_iterations": 1.5},
        {"ecc_epsilon": float("nan")},
        {"white_balance": "cloudy"},
        {"white_balance": (1.0, 0.0, 1.0)},
        {"white_balance": (1.0, float("inf"), 1.0)},
        {"sharpen": True},
    ],
)
def test_settings_that_are_none_are_refused_by_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        Settings(**wrong)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().recipe = "paper"  # type: ignore[misc]


def test_equal_settings_have_one_fingerprint_and_others_another() -> None:
    variants = [Settings(), Settings.paper(), Settings(white_balance=(2.0, 1.0, 1.5)), Settings(ecc_iterations=300)]
    prints = [settings.fingerprint for settings in variants]
    assert len(set(prints)) == len(variants)
    assert Settings.model_validate_json(variants[2].model_dump_json()).fingerprint == prints[2]
    assert Settings(white_balance=(2, 1, 1.5)).fingerprint == prints[2]


@pytest.mark.parametrize(
    ("offered", "known"),
    [
        (build.Recipe, Recipe),
        (build.Demosaicing, Demosaicing),
        (build.Photometry, PhotometricMethod),
        (build.PairName, PhotometricPair),
    ],
)
def test_the_command_line_offers_the_choices_that_there_are(offered: Any, known: Any) -> None:
    assert set(get_args(offered)) == set(get_args(known))
