"""``ifan-bench datasets``: grouped, 80 columns wide, with what is on this machine marked."""

from pathlib import Path

import pytest
from published_trees import bench, texture

from benchmark import registry
from benchmark.datasets.card import GROUPS
from realdof.images.files import write_pixels

__all__ = ["bench"]


@pytest.mark.usefixtures("window")
def test_every_data_set_stands_under_a_heading_within_80_columns(bench) -> None:
    lines = bench("datasets").out.splitlines()
    assert max(map(len, lines)) <= 80
    for group in GROUPS[:4]:
        assert group in [line.strip() for line in lines]
    words = {word for line in lines for word in line.split()[:2]}
    assert set(registry.names(registry.DATASETS)) <= words


def test_what_is_on_this_machine_is_marked(bench, tmp_path: Path) -> None:
    def marked() -> set[str]:
        lines = [line.split() for line in bench("datasets").out.splitlines()]
        return {words[1] for words in lines if words[:1] == ["✓"] and words[1] != "is"}

    assert marked() == set()
    write_pixels(tmp_path / "cache" / "datasets" / "lfdof" / "1.png", texture(1))
    assert marked() == {"lfdof"}


def test_every_card_of_ours_has_a_group(monkeypatch) -> None:
    assert all(card.group in GROUPS[:4] for card in registry.cards(registry.DATASETS))
