"""Initialisation for short trainings: signals keep their variance through the network, and IAC is the identity.

The paper uses Xavier-uniform weights (`ifan.blocks.initialise`). With leaky ReLUs they halve the variance in every
layer. At the start, and still after 2,000 steps, the features at one eighth of the size had a standard deviation of
1e-3, and seventeen passes of the predicted filters reduced it to almost nothing, so only the skip connections were
trained. 600,000 steps make up for that; a few thousand do not.
"""

import math

from torch import nn

from ifan.blocks import ResidualStack
from ifan.iac import NEGATIVE_SLOPE
from ifan.network import IFAN
from ifan.shape import FilterLayout

SMALL = 0.1
"""Initial scale of a branch that is added to other features, relative to a plain layer."""
TINY = 0.002
"""Initial scale of the filters and the image's correction, whose inputs have grown with every sum before them."""


def preserve_variance(network: IFAN) -> None:
    """Initialise the weights of a network, in place, so that every layer keeps the variance of its input.

    The scale follows He et al., ICCV 2015, Equation 14, for the leaky ReLU. Branches of residual steps, the disparity,
    the image's correction and the filters start small; the centre tap of every filter starts at one.
    """
    for part in network.modules():
        if isinstance(part, nn.Conv2d | nn.ConvTranspose2d):
            _draw(part)
        elif isinstance(part, ResidualStack):
            for number in range(len(part.stem)):
                _draw(_layer(part, f"stem.{number}.2"), SMALL)
    _draw(_layer(network, "DME.3"), SMALL)
    _draw(_layer(network, "out_res.0"), TINY)
    # Adam changes a tap by the learning rate times the sum of its inputs, and 34 passes multiply the changes.
    _draw(_layer(network, "F.0.0"), SMALL)
    _start_as_identity(_layer(network, "F.3"), network.shape.layout)


def _layer(module: nn.Module, name: str) -> nn.Conv2d:
    layer = module.get_submodule(name)
    if not isinstance(layer, nn.Conv2d):
        raise TypeError(f"{name} is a {type(layer).__name__}, not the convolution it should be")
    return layer


def _draw(layer: nn.Conv2d | nn.ConvTranspose2d, scale: float = 1.0) -> None:
    taps = layer.kernel_size[0] * layer.kernel_size[1]
    # An output of a transposed convolution uses only every stride-th tap in each direction.
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
