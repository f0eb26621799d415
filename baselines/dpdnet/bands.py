"""DPDNet as a graph of rows (`benchmark.bands`): every layer is local, so its bands are exact.

Padding is zero: one pixel on all sides, but for Keras's 2x2 convolutions only below and on the right.
"""

from torch import nn

from baselines.dpdnet.network import SIZE_MULTIPLE, DPDNet
from benchmark.bands.graph import Graph
from benchmark.bands.layers import Convolution, Delay, Joined, Layer, MaxPool, Nearest, Pointwise, Read, Source


def graph_of(network: DPDNet, image: Read, height: int, width: int) -> Graph:
    """Return the graph of a network for inference.

    Parameters
    ----------
    image
        Reads rows of the network's input, (1, 3 or 6, n, W).
    height, width
        px, multiples of 16.
    """
    dtype = next(network.parameters()).dtype
    layer: Layer = Source(image, network.shape.channels, height, width, dtype)
    levels = []
    for level, block in enumerate(network.encoder):
        layer = _chain(MaxPool(layer) if level else layer, block)
        levels.append(layer)
    for up, skip in zip(network.decoder, reversed(levels[:-1]), strict=True):
        enlarged = _chain(Nearest(layer), up.up)  # type: ignore[arg-type]
        layer = _chain(Joined(Delay(skip), enlarged), up.merge)  # type: ignore[arg-type]
    layer = _convolution(_chain(layer, network.head), network.last, 1)
    return Graph(Pointwise(layer, lambda rows: rows.sigmoid()), SIZE_MULTIPLE)


def _chain(layer: Layer, module: nn.Module) -> Layer:
    """Append a module's convolutions to a layer, each with its ReLU."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d):
            layer = _convolution(layer, part, 0)
    return layer


def _convolution(layer: Layer, module: nn.Conv2d, slope: float) -> Layer:
    size = module.kernel_size[0]
    padding = (0, 1) if size == 2 else (size // 2, size // 2)
    return Convolution(layer, module.weight, module.bias, padding=padding, slope=slope)
