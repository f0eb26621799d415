"""Every model of the paper by name, with the parameters and MACs that the paper prints (Tables 1, 4 and 5)."""

from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import torch
from golden import CENTRE

from benchmark.complexity import count
from ifan.cards import CARDS
from ifan.network import IFAN
from ifan.reblurring import ReblurringNetwork
from ifan.training.losses import TrainedIFAN
from ifan.variants import ABLATION, VARIANTS, describe, name_of
from ifan.weights import load_network, read_weights, save_weights

PRINTED = {
    "ifan-baseline": (10.58, 364.3),
    "ifan-baseline-dme": (10.58, 364.3),
    "ifan-fp": (10.48, 362.9),
    "ifan-fp-dme": (10.48, 362.9),
    "ifan-fp-rbn": (10.48, 362.9),
    "ifan": (10.48, 362.9),
    "ifan-n8": (9.44, 347.9),
    "ifan-n26": (11.52, 377.9),
    "ifan-n35": (12.56, 392.8),
    "ifan-n44": (13.60, 407.8),
    "ifan-fac": (10.51, 363.4),
}
"""Parameters in M and MACs in G: Table 1 prints one figure for each half, Table 4 each N, Table 5 FAC."""
EXACT = {
    "ifan-baseline": 10_575_811,
    "ifan-baseline-dme": 10_578_052,
    "ifan-fp": 10_476_868,
    "ifan-fac": 10_510_020,
    "ifan-dual": 10_477_860,
    "ifan-16bit": 10_476_996,
}


@pytest.mark.parametrize("name", PRINTED)
def test_parameters_and_macs_are_the_printed_ones(name: str) -> None:
    cost = count(CARDS[name].architecture())
    assert round(cost.parameters / 1e6, 2) == PRINTED[name][0]
    assert cost.paper / 1e9 == pytest.approx(PRINTED[name][1], abs=0.06)


@pytest.mark.parametrize("name", EXACT)
def test_parameters_are_those_of_the_supplements_tables(name: str) -> None:
    assert count(CARDS[name].architecture()).parameters == EXACT[name]


def test_the_ablation_has_the_six_rows_of_table_1() -> None:
    rows = [VARIANTS[name] for name in ABLATION]
    ticks = [(row.shape.deblurring == "iac", row.shape.disparity, row.reblurring) for row in rows]
    assert ticks == [
        (False, False, False),
        (False, True, False),
        (True, False, False),
        (True, True, False),
        (True, False, True),
        (True, True, True),
    ]


def test_larger_filters_are_trained_on_larger_crops() -> None:
    crops = {name: VARIANTS[f"ifan-n{name}"].crop for name in (8, 26, 35, 44)}
    assert crops == {8: 256, 26: 512, 35: 576, 44: 704}


def test_every_variant_is_a_method_of_the_benchmark() -> None:
    named = {point.name: point.load() for point in entry_points(group="ifan_bench.methods")}
    for name, factory in CARDS.items():
        assert named[name] == factory
        assert factory.card.name == name


@pytest.mark.parametrize("name", ["ifan-baseline", "ifan-baseline-dme", "ifan-fp", "ifan-fac"])
def test_weights_of_every_network_are_recognised_in_their_file(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    variant = VARIANTS[name]
    network = IFAN(variant.shape).eval()
    path = tmp_path / "weights.safetensors"
    save_weights(path, network, variant, "a label", {})
    weights = read_weights(path)
    # N means nothing where no filter sets are predicted.
    assert replace(weights.shape, filters=17) == variant.shape
    assert name_of(weights.shape) == name
    with torch.inference_mode():
        assert torch.equal(load_network(variant, weights)(CENTRE), network(CENTRE))


def test_networks_are_told_apart_in_words() -> None:
    networks = {replace(variant.shape, shared_taps=False) for variant in VARIANTS.values()}
    assert len({describe(shape) for shape in networks}) == len(networks) == 10


@pytest.mark.parametrize("name", ABLATION)
def test_each_model_of_the_ablation_has_the_losses_the_paper_trains_it_with(name: str) -> None:
    variant = VARIANTS[name]
    reblurring = ReblurringNetwork(variant.shape, 8) if variant.reblurring else None
    batch = {key: torch.rand(1, 3, 64, 64) for key in ("image", "left", "right", "target")}
    with torch.no_grad():
        terms = TrainedIFAN(IFAN(variant.shape), reblurring)(batch)
    expected = {"deblur"} | ({"disparity"} if variant.shape.disparity else set())
    assert set(terms) == expected | ({"reblur"} if variant.reblurring else set())


def test_fac_reblurs_with_fac() -> None:
    network = ReblurringNetwork(VARIANTS["ifan-fac"].shape, 8)
    assert network.layout.map_channels == 3 * 11 * 11
    filters = torch.randn(1, VARIANTS["ifan-fac"].shape.map_channels, 4, 4)
    assert network(filters, torch.rand(1, 3, 4, 4)).shape == (1, 3, 4, 4)
