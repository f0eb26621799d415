"""A start for short trainings: signals keep their size through the network, and IAC begins as the identity.

The paper starts from Xavier-uniform weights (`ifan.blocks.initialise`). With its leaky ReLUs that halves the
variance in every layer: at the start, and still after 2,000 steps, the features at one eighth of the size
had a standard deviation of 1e-3 and the predicted filters multiplied that to nothing seventeen times, so that only
the skip connections were trained. 600,000 steps mend that; a few thousand do not.
"""

import math

from torch import nn

from ifan.blocks import ResidualStack
from ifan.iac import NEGATIVE_SLOPE
from ifan.network import IFAN
from ifan.shape import FilterLayout

SMALL = 0.1
"""What a branch that is added to something starts at, relative to the size of a plain layer."""
TINY = 0.002
"""The same for the filters and the image's correction, whose inputs have grown by every sum on the way."""


def preserve_variance(network: IFAN) -> None:
    """Draw the weights of a network anew, in place, so that every layer's output is as large as its input.

    He et al., ICCV 2015, Equation 14, for the leaky ReLU; branches of residual steps, the disparity, the image's
    correction and the filters start small; the centre tap of every filter starts at one.
    """
    for part in network.modules():
        if isinstance(part, nn.Conv2d | nn.ConvTranspose2d):
            _draw(part)
        elif isinstance(part, ResidualStack):
            for number in range(len(part.stem)):
                _draw(_layer(part, f"stem.{number}.2"), SMALL)
    _draw(_layer(network, "DME.3"), SMALL)
    _draw(_layer(network, "out_res.0"), TINY)
    # Adam moves a tap by the rate times the sum over its inputs, and 34 passes multiply what it moves.
    _draw(_layer(network, "F.0.0"), SMALL)
    _start_as_identity(_layer(network, "F.3"), network.shape.layout)


def _layer(module: nn.Module, name: str) -> nn.Conv2d:
    layer = module.get_submodule(name)
    if not isinstance(layer, nn.Conv2d):
        raise TypeError(f"{name} is a {type(layer).__name__}, not the convolution it should be")
    return layer


def _draw(layer: nn.Conv2d | nn.ConvTranspose2d, scale: float = 1.0) -> None:
    taps = layer.kernel_size[0] * layer.kernel_size[1]
    # An output of a transposed convolution sees only every stride-th tap in each direction.
    seen = taps // (layer.stride[0] * layer.stride[1]) if isinstance(layer, nn.ConvTranspose2d) else taps
    gain = math.sqrt(2 / (1 + NEGATIVE_SLOPE**2))
    nn.init.normal_(layer.weight, std=scale * gain / math.sqrt(layer.in_channels * seen))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


def _start_as_identity(head: nn.Conv2d, layout: FilterLayout) -> None:
    _draw(head, TINY)
    if head.bias is None:
        raise ValueError("the filters' last layer has a bias that holds their centre taps")
    for n in range(layout.sets):
        for taps in (layout.vertical(n), layout.horizontal(n)):
            head.bias.data[taps][layout.taps // 2 :: layout.taps] = 1.0
