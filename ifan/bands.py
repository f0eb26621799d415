"""IFAN as a graph of rows: exact results for images of any height, in memory set by the width (`benchmark.bands`).

The result equals that of `IFAN.forward` to float rounding. It is computed layer by layer.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmark.bands.graph import Graph, Observer, Plan
from benchmark.bands.layers import Convolution, Delay, Doubling, Edge, Joined, Layer, Read, Source
from ifan.blocks import ResidualStack
from ifan.iac import NEGATIVE_SLOPE
from ifan.inference import change_and_size
from ifan.network import IFAN
from ifan.shape import FEATURES, SIZE_MULTIPLE, WIDTHS, FilterLayout, SquareLayout

Change = Callable[[int, int, Tensor], None]
"""Callback (start, stop, values): rows of `ifan.inference.change_and_size` for one filter set, (1, 2, n, W / 8)."""


@dataclass(frozen=True)
class Bands:
    """A network's graph for images of one size.

    Parameters
    ----------
    graph
        Its last layer computes the correction that is added to the image.
    estimated
        The layer that computes the disparity map, or the features that replace it in the ablation.
    """

    graph: Graph
    estimated: Layer


def bands_of(network: IFAN, image: Read, views: Read, height: int, width: int, change: Change | None = None) -> Bands:
    """Return the graph of a network.

    Parameters
    ----------
    network
        A network ready for inference; the graph computes in its precision.
    image, views
        Read rows of the feature encoder's and the filter encoder's input, (1, C, n, W).
    height, width
        Size of the image, px, multiples of 8.
    change
        Callback for the change by each filter set, for networks with IAC.
    """
    dtype = next(network.parameters()).dtype
    seen = Source(views, 6 if network.shape.dual else 3, height, width, dtype)
    filter_features = _encoder(network, "kconv", seen)[-1]
    estimated = fused = _chain(filter_features, network.DME)
    if hasattr(network, "conv_DME"):
        fused = _chain(Joined(filter_features, _chain(estimated, network.conv_DME)), network.conv4_4)
    *levels, features = _encoder(network, "conv", Source(image, 3, height, width, dtype))
    if network.shape.deblurring == "blocks":
        deblurred = _chain(Joined(fused, features), network.blocks)
    else:
        deblurred = _filtered(network, features, _chain(fused, network.F[:-1]), change)
    result = _chain(deblurred, network.conv_res)
    for level, skip in zip((3, 2, 1), reversed(levels), strict=True):
        up: nn.ConvTranspose2d = getattr(network, f"upconv{level}_u")[0]
        result = Doubling(result, up.weight, up.bias, NEGATIVE_SLOPE, Delay(skip))
        result = _chain(_chain(result, getattr(network, f"upconv{level}_1")), getattr(network, f"upconv{level}_2"))
    return Bands(Graph(_chain(result, network.out_res), SIZE_MULTIPLE), estimated)


def _encoder(network: IFAN, prefix: str, layer: Layer) -> list[Layer]:
    levels = []
    for level in range(1, len(WIDTHS) + 1):
        for step in (1, 2, 3):
            layer = _chain(layer, getattr(network, f"{prefix}{level}_{step}"))
        levels.append(layer)
    return levels


def _chain(layer: Layer, module: nn.Module) -> Layer:
    """Append a module's layers to a layer; each activation becomes part of the convolution before it."""
    if isinstance(module, ResidualStack):
        return _residual(layer, module)
    parts = list(module.children()) if isinstance(module, nn.Sequential) else [module]
    for part, following in zip(parts, [*parts[1:], None], strict=True):
        if isinstance(part, nn.Conv2d):
            layer = _convolution(layer, part, NEGATIVE_SLOPE if isinstance(following, nn.LeakyReLU) else 1)
        elif not isinstance(part, nn.LeakyReLU):
            layer = _chain(layer, part)
    return layer


def _residual(layer: Layer, stack: ResidualStack) -> Layer:
    entered, last = layer, len(stack.stem) - 1
    for number, step in enumerate(stack.stem):
        first, second = step[0], step[2]  # type: ignore[index]
        inner = _convolution(layer, first, NEGATIVE_SLOPE)
        again = entered if last and number == last else None
        layer = Convolution(inner, second.weight, second.bias, added=layer, slope=NEGATIVE_SLOPE, after=again)
    return layer


def _convolution(layer: Layer, module: nn.Conv2d, slope: float) -> Convolution:
    margin = module.kernel_size[0] // 2
    return Convolution(
        layer, module.weight, module.bias, stride=module.stride[0], padding=(margin, margin), slope=slope
    )


def _filtered(network: IFAN, features: Layer, fused: Layer, change: Change | None) -> Layer:
    head, dtype = network.filter_head, features.dtype
    if head.bias is None:
        raise ValueError("the filters' last layer has a bias in every model of the paper")
    if network.shape.deblurring == "fac":
        return _SquareFilters(features, fused, head.weight, head.bias)
    layout = network.shape.layout
    # In bfloat16 rounding errors would add up over the passes; float32 costs only a few per cent of the time.
    exact = dtype if dtype == torch.float64 else torch.float32
    features.dtype = exact
    for n in range(layout.sets):
        kept = dtype if n == layout.sets - 1 else exact
        features = _FilterSet(features, fused, head, layout, n, network.shape.shared_taps, kept, change)
    return features


class _FilterSet(Layer):
    """One step of Equation 1: predict its filters and apply them, without keeping them."""

    def __init__(
        self, features: Layer, fused: Layer, head: nn.Conv2d, layout: FilterLayout, n: int, shared: bool,
        dtype: torch.dtype, change: Change | None,
    ) -> None:  # fmt: skip
        margin = layout.taps // 2
        edges = (Edge(features, before=margin, after=margin, border="replicate"), Edge(fused))
        predicted = layout.channels * (layout.taps * (1 if shared else 2) + 1)
        super().__init__(
            edges, layout.channels, features.height, features.width, dtype, temporary=predicted + 4 * layout.channels
        )
        assert head.bias is not None
        parts = (layout.vertical(n),) if shared else (layout.vertical(n), layout.horizontal(n))
        # Tap-major order, so that each tap of all channels is one contiguous block.
        weights = [
            head.weight[part].reshape(-1, layout.taps, head.in_channels).transpose(0, 1).flatten(0, 1) for part in parts
        ]
        biases = [head.bias[part].view(-1, layout.taps).t().reshape(-1) for part in parts]
        weight = torch.cat([*weights, head.weight[layout.bias(n)].flatten(1)])[..., None, None]
        self._weight = weight.contiguous(memory_format=torch.channels_last)
        self._bias = torch.cat([*biases, head.bias[layout.bias(n)]])
        self._layout, self._shared, self._change = layout, shared, change

    def compute(self, read: list[list[Tensor]], out: Tensor, start: int, stop: int) -> None:
        """Filter along columns, then along rows, and add the bias."""
        features, layout = read[0][0], self._layout
        predicted = functional.conv2d(read[1][0], self._weight, self._bias)
        width = layout.taps * layout.channels
        vertical = predicted[:, :width]
        horizontal = vertical if self._shared else predicted[:, width : 2 * width]
        bias = predicted[:, -layout.channels :]
        taps, count = vertical.split(layout.channels, dim=1), stop - start
        filtered = features[:, :, :count] * taps[0]
        for tap in range(1, layout.taps):
            filtered.addcmul_(features[:, :, tap : tap + count], taps[tap])
        margin = layout.taps // 2
        padded = functional.pad(filtered, (margin, margin, 0, 0), mode="replicate")
        taps = horizontal.split(layout.channels, dim=1)
        made = torch.addcmul(bias.to(filtered.dtype), padded[..., : self.width], taps[0])
        for tap in range(1, layout.taps):
            made.addcmul_(padded[..., tap : tap + self.width], taps[tap])
        out.copy_(functional.leaky_relu_(made, NEGATIVE_SLOPE))
        if self._change is not None:
            self._change(start, stop, change_and_size(features[:, :, margin : margin + count], made))


class _SquareFilters(Layer):
    """FAC, which predicts its filters one row of taps at a time."""

    def __init__(self, features: Layer, fused: Layer, weight: Tensor, bias: Tensor) -> None:
        layout = SquareLayout(FEATURES)
        margin = layout.taps // 2
        edges = (Edge(features, before=margin, after=margin, border="replicate"), Edge(fused))
        super().__init__(
            edges, layout.channels, features.height, features.width, weight.dtype,
            temporary=(layout.taps + 3) * layout.channels,
        )  # fmt: skip
        self._layout = layout
        self._weight = weight.view(layout.channels, layout.taps, layout.taps, -1)
        self._bias = bias.view(layout.channels, layout.taps, layout.taps)

    def compute(self, read: list[list[Tensor]], out: Tensor, start: int, stop: int) -> None:
        """Sum the products of taps and shifted features."""
        layout, count = self._layout, stop - start
        margin = layout.taps // 2
        padded = functional.pad(read[0][0], (margin, margin, 0, 0), mode="replicate")
        out.zero_()
        for row in range(layout.taps):
            weight = self._weight[:, row].transpose(0, 1).reshape(layout.taps * layout.channels, -1)
            predicted = functional.conv2d(read[1][0], weight[..., None, None], self._bias[:, row].t().reshape(-1))
            for column, taps in enumerate(predicted.split(layout.channels, dim=1)):
                out.addcmul_(padded[:, :, row : row + count, column : column + self.width], taps)


def deblur(
    network: IFAN,
    image: Read,
    views: Read | None,
    height: int,
    width: int,
    write: Observer,
    plan: Callable[[Graph], Plan],
    report: Callable[[int, int], None] = lambda done, total: None,
    *,
    disparity: Observer | None = None,
    change: Change | None = None,
) -> Plan:
    """Deblur an image of any size, band by band.

    Parameters
    ----------
    image, views
        Read rows, float32 (1, 3, n, W); for a dual-pixel network also (1, 6, n, W), right then left.
    height, width
        px, multiples of 8.
    write
        Callback for rows of the result, float32 (1, 3, n, W), not clipped, from the top.
    plan
        Function that chooses how to compute the graph.
    report
        Progress callback.
    disparity, change
        Callbacks for rows of the maps.
    """
    made = bands_of(network, image, views or image, height, width, change)

    def corrected(start: int, stop: int, correction: Tensor) -> None:
        # Only the small correction may be bfloat16; the image it is added to keeps its precision.
        write(start, stop, correction + image(start, stop))

    observers: dict[Layer, Observer] = {made.graph.last: corrected}
    if disparity is not None:
        observers[made.estimated] = disparity
    chosen = plan(made.graph)
    made.graph.run(chosen, observers, next(network.parameters()).device, report)
    return chosen
