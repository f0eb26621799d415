"""Inference without the filter map gives what the network gives, for every form of it."""

import ifan_reference
import pytest
import torch
from golden import CENTRE, LEFT, RIGHT, weights_for

from ifan import inference
from ifan.iac import iterative_adaptive_convolution
from ifan.network import IFAN, NetworkShape
from ifan.shape import FEATURES, FilterLayout
from ifan.variants import VARIANTS
from ifan.weights import load_network, read_weights

SHAPES = {
    "paper": NetworkShape(8),
    "shared taps": NetworkShape(8, shared_taps=True),
    "dual-pixel": NetworkShape(8, dual=True),
    "FAC": NetworkShape(deblurring="fac"),
    "baseline": NetworkShape(disparity=False, deblurring="blocks"),
    "baseline with estimator": NetworkShape(deblurring="blocks"),
    "no estimator": NetworkShape(8, disparity=False),
}


def golden_network(shape: NetworkShape) -> IFAN:
    network = IFAN(shape)
    network.load_state_dict(weights_for(network))
    return network.eval().requires_grad_(False)


def views_for(shape: NetworkShape) -> torch.Tensor | None:
    return torch.cat([RIGHT, LEFT], dim=1) if shape.dual else None


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("name", SHAPES)
def test_streamed_inference_equals_the_network(name: str, channels_last: bool) -> None:
    shape = SHAPES[name]
    network, image = golden_network(shape), CENTRE
    with torch.inference_mode():
        expected = network(image, views_for(shape))
    if channels_last:
        network, image = network.to(memory_format=torch.channels_last), image.to(memory_format=torch.channels_last)
    # Made-up weights give values far beyond an image's.
    tolerance = 1e-5 * float(expected.abs().max())
    torch.testing.assert_close(inference.deblur(network, image, views_for(shape)), expected, rtol=0, atol=tolerance)


def test_shipped_weights_give_the_same_image_to_1e_5() -> None:
    network = load_network(VARIANTS["ifan"], read_weights(VARIANTS["ifan"].sets.find("synthetic")))
    expected = ifan_reference.deblur(network, CENTRE)
    torch.testing.assert_close(inference.deblur(network, CENTRE), expected, rtol=0, atol=1e-5)


def test_the_yardstick_of_speed_computes_the_same_network() -> None:
    network = golden_network(NetworkShape(8))
    with torch.inference_mode():
        expected = network(CENTRE)
    torch.testing.assert_close(ifan_reference.deblur(network, CENTRE), expected, rtol=0, atol=1e-4)


def test_bfloat16_stays_within_55_db_of_float32() -> None:
    network = golden_network(NetworkShape(8))
    exact = inference.deblur(network, CENTRE)
    rounded = inference.deblur(network.to(torch.bfloat16), CENTRE)
    assert rounded.dtype == torch.float32
    assert -10 * torch.log10((rounded - exact).square().mean()) > 55
    assert not torch.equal(rounded, exact)


def test_maps_are_the_disparity_and_the_share_of_the_features_that_a_filter_set_changes() -> None:
    network = golden_network(NetworkShape(8))
    with torch.inference_mode():
        expected = network.predict(CENTRE)
    output, maps = inference.deblur_with_maps(network, CENTRE)
    torch.testing.assert_close(output, expected.image, rtol=0, atol=1e-4)
    torch.testing.assert_close(maps.disparity, expected.disparity, rtol=0, atol=1e-5)
    assert expected.filter_map is not None
    assert maps.filters is not None
    *_, features = network.encode(CENTRE)
    changed, size = torch.zeros(()), torch.zeros(())
    layout = network.shape.layout
    for n in range(layout.sets):
        parts = [part(n) for part in (layout.vertical, layout.horizontal, layout.bias)]
        one_set = torch.cat([expected.filter_map[:, part] for part in parts], dim=1)
        filtered = iterative_adaptive_convolution(features, one_set, FilterLayout(1, FEATURES))
        changed = changed + (filtered - features).square().mean(dim=1)
        size = size + features.square().mean(dim=1)
        features = filtered
    torch.testing.assert_close(maps.filters[:, 0], (changed / size).sqrt(), rtol=1e-3, atol=1e-5)


def test_no_tensor_of_the_filter_maps_size_is_ever_made() -> None:
    network = golden_network(NetworkShape(17))
    largest = 0

    class Watch(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
            nonlocal largest
            result = function(*args, **(kwargs or {}))
            for value in result if isinstance(result, tuple | list) else (result,):
                if isinstance(value, torch.Tensor) and value.ndim == 4 and value.shape[-2:] == (8, 12):
                    largest = max(largest, value.shape[1])
            return result

    with Watch():
        inference.deblur(network, CENTRE)
    assert 0 < largest <= 7 * 128, "one set: two times three taps and a bias for 128 channels"
