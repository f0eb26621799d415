"""The yardstick of IFAN's speed: the network as one would first write it down.

The whole filter map is materialised, IAC gathers its neighbours with unfold and sums the products, tensors are
NCHW. It shares the network's parameters and encoders, so that both compute the same function.
"""

import torch
from torch import Tensor
from torch.nn import functional

from ifan.blocks import ResidualStack
from ifan.iac import NEGATIVE_SLOPE, FilterLayout
from ifan.network import IFAN


def unfold_and_sum(features: Tensor, filters: Tensor, kernel: tuple[int, int]) -> Tensor:
    """Filter along one axis: float (B, c, h, w) with (B, c k, h, w), edges replicated."""
    batch, channels, height, width = features.shape
    rows, columns = kernel
    padding = (columns // 2, columns // 2, rows // 2, rows // 2)
    neighbours = functional.unfold(functional.pad(features, padding, mode="replicate"), kernel)
    products = neighbours.view(batch, channels, rows * columns, height, width) * filters.view(
        batch, channels, rows * columns, height, width
    )
    return products.sum(dim=2)


def iac(features: Tensor, filter_map: Tensor, layout: FilterLayout, shared_taps: bool) -> Tensor:
    """Equation 1."""
    for n in range(layout.sets):
        vertical = filter_map[:, layout.vertical(n)]
        horizontal = vertical if shared_taps else filter_map[:, layout.horizontal(n)]
        features = unfold_and_sum(features, vertical, (layout.taps, 1))
        features = unfold_and_sum(features, horizontal, (1, layout.taps))
        features = functional.leaky_relu(features + filter_map[:, layout.bias(n)], NEGATIVE_SLOPE)
    return features


def residual_stack(stack: ResidualStack, features: Tensor) -> Tensor:
    """RES* of the supplement, nothing in place."""
    result = features
    for step in stack.stem:
        result = functional.leaky_relu(step(result) + result, NEGATIVE_SLOPE)
    return result + features if len(stack.stem) > 1 else result


@torch.inference_mode()
def deblur(network: IFAN, image: Tensor, views: Tensor | None = None) -> Tensor:
    """The deblurred image, float32 (1, 3, H, W), from one in [0, 1] of the same shape."""

    def run(layers: torch.nn.Module, features: Tensor) -> Tensor:
        for layer in layers.children():
            features = residual_stack(layer, features) if isinstance(layer, ResidualStack) else layer(features)
        return features

    *skips, defocused = network.encode(image)
    filter_features = network.encode_filters(image if views is None else views)
    disparity = run(network.DME, filter_features)
    fused = run(network.conv4_4, torch.cat([filter_features, network.conv_DME(disparity)], dim=1))
    filter_map = run(network.F, fused)
    features = iac(defocused, filter_map, network.shape.layout, network.shape.shared_taps)
    features = run(network.conv_res, features)
    for level, skip in zip((3, 2, 1), reversed(skips), strict=True):
        features = getattr(network, f"upconv{level}_u")(features) + skip
        features = residual_stack(getattr(network, f"upconv{level}_1"), features)
        features = residual_stack(getattr(network, f"upconv{level}_2"), features)
    result: Tensor = network.out_res(features) + image
    return result
