"""DPDNet and DMENet in bands of rows are the networks."""

import pytest
import torch

from baselines.dmenet import bands as dmenet_bands
from baselines.dmenet.method import DMENetMethod
from baselines.dmenet.network import DMENet, ShiftNorm
from baselines.dmenet.shape import DMENetShape
from baselines.dpdnet import bands as dpdnet_bands
from baselines.dpdnet.method import DPDNetMethod
from baselines.dpdnet.network import DPDNet
from baselines.dpdnet.shape import DPDNetShape
from benchmark.bands.image import image_in_bands
from benchmark.method import Context, MethodCard, Sample
from realdof.common.errors import InputError

RANDOM = torch.Generator().manual_seed(0)


@pytest.mark.parametrize("shape", [DPDNetShape(width=4), DPDNetShape(dual=True, width=4, as_counted=True)])
def test_dpdnet_in_bands_is_the_network(shape: DPDNetShape) -> None:
    network = DPDNet(shape).eval().requires_grad_(False).double()
    image = torch.rand(1, shape.channels, 272, 48, generator=RANDOM, dtype=torch.float64)
    expected = network(image)
    banded = image_in_bands(
        lambda read, height, width: dpdnet_bands.graph_of(network, read, height, width), image, 3_000_000
    )
    assert float(expected.std()) > 0
    torch.testing.assert_close(banded, expected, rtol=0, atol=1e-12)


def test_dmenet_in_bands_is_the_network() -> None:
    network = DMENet(DMENetShape(width=4, auxiliary=False)).eval().requires_grad_(False).double()
    for module in network.modules():
        if isinstance(module, ShiftNorm):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.uniform_(-0.1, 0.1, generator=RANDOM)
            module.running_var.uniform_(0.5, 2, generator=RANDOM)
            module.shift.uniform_(-0.1, 0.1, generator=RANDOM)
    image = torch.rand(1, 3, 272, 48, generator=RANDOM, dtype=torch.float64)
    expected = network(image)[0]
    banded = image_in_bands(
        lambda read, height, width: dmenet_bands.graph_of(network, read, height, width), image, 3_000_000
    )
    assert float(expected.std()) > 0
    torch.testing.assert_close(banded, expected, rtol=0, atol=1e-12)


def test_a_memory_that_no_band_fits_into_is_refused() -> None:
    network = DPDNet(DPDNetShape(width=4)).eval()
    with pytest.raises(InputError, match=r"even in bands of 16 rows, and 0 MB may be used"):
        image_in_bands(lambda *size: dpdnet_bands.graph_of(network, *size), torch.rand(1, 3, 64, 64), 1000)


CARD = MethodCard("made-up", "Made up", "single", "for a test")


def test_a_photograph_that_dpdnet_has_no_room_for_is_the_same_in_bands() -> None:
    method = DPDNetMethod(CARD, DPDNet(DPDNetShape(width=4)).eval().requires_grad_(False), None)
    sample = Sample("x", torch.rand(3, 250, 45, generator=RANDOM))
    whole, banded = (method.deblur(sample, Context(memory=memory)).image for memory in (None, 1_200_000))
    torch.testing.assert_close(banded, whole, rtol=0, atol=2e-6)


def test_a_photograph_that_dmenet_has_no_room_for_has_the_same_map(monkeypatch: pytest.MonkeyPatch) -> None:
    network = DMENet(DMENetShape(width=4, auxiliary=False)).eval().requires_grad_(False)
    method, image = DMENetMethod(CARD, network, None), torch.rand(3, 250, 45, generator=RANDOM)
    whole = method.sigma_map(image)
    monkeypatch.setattr("baselines.dmenet.method.available_bytes", lambda device: 1_200_000)
    banded = method.sigma_map(image)
    # The map has 8 bits.
    assert float((banded - whole).abs().max()) <= 1.01 * 15 / 2 / 255
