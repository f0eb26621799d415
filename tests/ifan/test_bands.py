"""IFAN in bands of rows is IFAN: every form of it, every band, and the reach that its layers have."""

import pytest
import torch
from golden import CENTRE
from test_inference import SHAPES, golden_network, views_for
from torch.func import jvp

from benchmark.bands.graph import Graph, Plan
from ifan import bands, inference
from ifan.network import IFAN, NetworkShape
from ifan.shape import SIZE_MULTIPLE


def banded(network: IFAN, image: torch.Tensor, views: torch.Tensor | None, band: int) -> tuple[torch.Tensor, Plan]:
    """The whole result from bands of so many rows."""
    result = torch.full_like(image, float("nan"))

    def write(start: int, stop: int, rows: torch.Tensor) -> None:
        result[:, :, start:stop] = rows

    read = None if views is None else lambda start, stop: views[:, :, start:stop]
    plan = bands.deblur(
        network, lambda start, stop: image[:, :, start:stop], read, *image.shape[-2:], write,
        lambda graph: graph.plan(band),
    )  # fmt: skip
    return result, plan


@pytest.mark.parametrize("name", SHAPES)
def test_bands_give_the_image_of_the_network(name: str) -> None:
    shape = SHAPES[name]
    network = golden_network(shape)
    with torch.inference_mode():
        expected = network(CENTRE, views_for(shape))
    for band in (8, 24):
        result, _ = banded(network, CENTRE, views_for(shape), band)
        # Made-up weights give values far beyond an image's.
        torch.testing.assert_close(result, expected, rtol=0, atol=1e-5 * float(expected.abs().max()))


def test_bands_give_the_same_in_float64_to_its_own_rounding() -> None:
    network = golden_network(NetworkShape(8)).double()
    image = torch.rand(1, 3, 120, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = network(image)
    result, plan = banded(network, image, None, 16)
    assert plan.count > 120 // 16
    torch.testing.assert_close(result, expected, rtol=0, atol=1e-13 * float(expected.abs().max()))


def test_bands_in_bfloat16_stay_as_near_as_the_whole_image_in_it() -> None:
    network = golden_network(NetworkShape(8))
    exact = inference.deblur(network, CENTRE)
    network = network.to(torch.bfloat16)
    whole, (result, _) = inference.deblur(network, CENTRE), banded(network, CENTRE, None, 16)
    assert (result - exact).square().mean() < 1.2 * (whole - exact).square().mean()


def test_a_higher_image_takes_no_more_memory() -> None:
    network = golden_network(NetworkShape(8))

    def graph(height: int) -> Graph:
        return bands.bands_of(network, _never, _never, height, 64).graph

    assert graph(4096).plan(64).bytes == graph(1024).plan(64).bytes


def _never(start: int, stop: int) -> torch.Tensor:
    raise AssertionError("a plan reads no image")


@pytest.mark.slow
def test_rows_that_a_graph_says_are_seen_are_those_that_a_perturbed_pixel_changes() -> None:
    network = IFAN(NetworkShape(8)).double().eval().requires_grad_(False)
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.ConvTranspose2d):
            # Positive and equal: nothing can cancel.
            module.weight.fill_(1 / module.weight[0].numel())
            assert module.bias is not None
            module.bias.fill_(0.1)
    height, middle = 1024, 512
    image = torch.full((1, 3, height, 8), 0.5, dtype=torch.float64)
    graph = bands.bands_of(network, _never, _never, height, 8).graph
    seen = {row: graph.rows_seen(row) for row in range(height)}
    for place in range(middle, middle + SIZE_MULTIPLE):
        change = torch.zeros_like(image)
        change[:, :, place, 0] = 1
        _, changed = jvp(network, (image,), (change,))
        found = set(changed.abs().amax(dim=(0, 1, 3)).nonzero().flatten().tolist())
        assert found == {row for row, (first, last) in seen.items() if first <= place <= last}
