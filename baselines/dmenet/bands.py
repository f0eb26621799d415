"""DMENet as a graph of rows (`benchmark.bands`): every layer is local, so bands give the exact defocus map.

Padding repeats the border on all sides. The deconvolution with the map is not part of the graph; it gets all rows.
"""

import torch
from torch import Tensor, nn

from baselines.dmenet.network import SIZE_MULTIPLE, SLOPE, VGG_MEAN, DMENet, ShiftNorm
from benchmark.bands.graph import Graph
from benchmark.bands.layers import Convolution, Delay, Joined, Layer, MaxPool, Nearest, Pointwise, Read, Source


def graph_of(network: DMENet, image: Read, height: int, width: int) -> Graph:
    """Return the graph of a network for inference, without its auxiliary maps.

    Parameters
    ----------
    image
        Reads rows of the image, RGB in [0, 1], (1, 3, n, W).
    height, width
        px, multiples of 16.
    """
    parameter = next(network.parameters())
    mean = parameter.new_tensor(VGG_MEAN)[:, None, None]
    layer: Layer = Source(lambda start, stop: image(start, stop) * 255 - mean, 3, height, width, parameter.dtype)
    levels = []
    for level, block in enumerate(network.encoder):
        layer = _chain(MaxPool(layer) if level else layer, block)
        levels.append(layer)
    for number in (3, 2, 1, 0):
        up = getattr(network, f"up{number}")
        layer = _chain(Joined(Nearest(layer), Delay(levels[number])), up.convolve)
    for block in network.refinement:
        side = _chain(layer, block.side)  # type: ignore[arg-type]
        layer = _chain(layer, block.main, added=side)  # type: ignore[arg-type]
    return Graph(Pointwise(_chain(layer, network.head), lambda rows: rows.sigmoid()), SIZE_MULTIPLE)


def _chain(layer: Layer, module: nn.Module, added: Layer | None = None) -> Layer:
    """Append a module's convolutions to a layer, each with the normalisation and activation that follow it.

    Parameters
    ----------
    added
        A layer whose output is added after the last activation.
    """
    parts = [part for part in module.modules() if isinstance(part, nn.Conv2d | ShiftNorm | nn.ReLU | nn.LeakyReLU)]
    starts = [place for place, part in enumerate(parts) if isinstance(part, nn.Conv2d)]
    for start, end in zip(starts, [*starts[1:], len(parts)], strict=True):
        convolution, slope = parts[start], 1.0
        assert isinstance(convolution, nn.Conv2d)
        weight, bias = convolution.weight, convolution.bias
        assert bias is not None
        for part in parts[start + 1 : end]:
            if isinstance(part, ShiftNorm):
                weight, bias = _normalised(weight, bias, part)
            else:
                slope = SLOPE if isinstance(part, nn.LeakyReLU) else 0
        margin = convolution.kernel_size[0] // 2
        layer = Convolution(
            layer, weight, bias, padding=(margin, margin), border="replicate", slope=slope,
            after=added if end == len(parts) else None,
        )  # fmt: skip
    return layer


def _normalised(weight: Tensor, bias: Tensor, norm: ShiftNorm) -> tuple[Tensor, Tensor]:
    """Return a convolution's weight and bias with the normalisation after it folded in."""
    assert norm.running_var is not None
    assert norm.running_mean is not None
    scale = torch.rsqrt(norm.running_var + norm.eps)
    return weight * scale[:, None, None, None], (bias - norm.running_mean) * scale + norm.shift
