"""The start for short trainings, against what the paper's start does to signals."""

import torch
from golden import CENTRE

from ifan.iac import iterative_adaptive_convolution
from ifan.network import IFAN, NetworkShape
from ifan.training.initialisation import preserve_variance


def spread_at_the_bottom(network: IFAN) -> tuple[float, float]:
    """Standard deviation of the features before and after IAC, over places, averaged over channels."""
    with torch.inference_mode():
        encoded = network.encode(CENTRE)[-1]
        filters = network.predict(CENTRE).filter_map
        deblurred = iterative_adaptive_convolution(encoded, filters, network.shape.layout)
    return tuple(float(features.std(dim=(2, 3)).mean()) for features in (encoded, deblurred))  # type: ignore[return-value]


def test_features_and_deblurred_features_keep_their_size() -> None:
    torch.manual_seed(0)
    network = IFAN(NetworkShape(17))
    before, after = spread_at_the_bottom(network)
    assert before < 0.01
    assert after < 0.01, "the paper's start lets the signal vanish"
    preserve_variance(network)
    before, after = spread_at_the_bottom(network)
    assert before > 0.05
    assert after > 0.5 * before


def test_the_untrained_network_almost_returns_its_input() -> None:
    torch.manual_seed(0)
    network = IFAN(NetworkShape(17))
    preserve_variance(network)
    with torch.inference_mode():
        assert float((network(CENTRE) - CENTRE).abs().mean()) < 0.1


def test_every_filter_starts_as_the_identity() -> None:
    network = IFAN(NetworkShape(8))
    preserve_variance(network)
    layout = network.shape.layout
    bias = network.F[3].bias.detach()
    for n in range(layout.sets):
        for taps in (layout.vertical(n), layout.horizontal(n)):
            assert torch.equal(bias[taps].view(-1, 3), torch.tensor([0.0, 1.0, 0.0]).expand(layout.channels, 3))
        assert not bias[layout.bias(n)].any()
