"""IFAN's network computes what the released one does."""

import pytest
import torch
from golden import CENTRE, LEFT, NAMES, REFERENCE, RIGHT, weights_for

from ifan.network import IFAN, NetworkShape
from ifan.reblurring import FILTERS_FOR, ReblurringNetwork
from ifan.variants import VARIANTS

TOLERANCE = 1e-4


def golden_network(filters: int, dual: bool, shared_taps: bool) -> IFAN:
    network = IFAN(NetworkShape(filters, dual, shared_taps))
    network.load_state_dict(weights_for(network))
    return network.eval().requires_grad_(False)


@pytest.mark.parametrize("filters", [8, 17])
@pytest.mark.parametrize("form", ["shared_taps", "paper"])
def test_single_image_output_equals_the_reference(filters: int, form: str) -> None:
    output = golden_network(filters, False, form == "shared_taps")(CENTRE)
    reference = torch.from_numpy(REFERENCE[f"ifan_n{filters}_{form}"])
    torch.testing.assert_close(output[0], reference.reshape(output[0].shape), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("form", ["shared_taps", "paper"])
def test_dual_pixel_output_equals_the_reference(form: str) -> None:
    output = golden_network(17, True, form == "shared_taps")(CENTRE, torch.cat([RIGHT, LEFT], dim=1))
    reference = torch.from_numpy(REFERENCE[f"ifan_dual_n17_{form}"])
    torch.testing.assert_close(output[0], reference.reshape(output[0].shape), rtol=0, atol=TOLERANCE)


def test_the_two_forms_of_iac_differ_so_that_mixing_them_up_cannot_pass() -> None:
    difference = abs(REFERENCE["ifan_n17_paper"] - REFERENCE["ifan_n17_shared_taps"]).max()
    assert difference > 100 * TOLERANCE


def test_parameters_have_the_names_shapes_and_order_of_the_released_checkpoint() -> None:
    with torch.device("meta"):
        state = IFAN().state_dict()
    assert {name: list(value.shape) for name, value in state.items()} == NAMES["network"]


def test_reblurring_parameters_have_the_released_names_and_shapes() -> None:
    with torch.device("meta"):
        state = ReblurringNetwork(NetworkShape(), width=128).state_dict()
    assert {name: list(value.shape) for name, value in state.items()} == NAMES["reblurring"]


@pytest.mark.parametrize(("width", "parameters"), [(128, 19_139_685), (32, 4_564_005)])
def test_reblurring_network_has_the_size_of_its_two_readings(width: int, parameters: int) -> None:
    with torch.device("meta"):
        network = ReblurringNetwork(NetworkShape(), width)
    assert sum(value.numel() for value in network.parameters()) == parameters


def test_every_variant_has_a_reblurring_network() -> None:
    assert {variant.shape.filters for variant in VARIANTS.values()} == set(FILTERS_FOR)
    assert FILTERS_FOR == {8: 8, 17: 17, 26: 9, 35: 17, 44: 17}


def test_untrained_network_leaves_the_size_and_adds_to_the_image() -> None:
    torch.manual_seed(0)
    with torch.inference_mode():
        output = IFAN(NetworkShape(8))(CENTRE)
    assert output.shape == CENTRE.shape
    assert float((output - CENTRE).abs().mean()) < 1.0
