"""Inference with little memory: each filter set is predicted, applied and freed before the next one.

For N = 17 the whole filter map has 15,232 channels; at 1280x720 it takes 0.9 GB, more than all the rest. The result
equals that of `IFAN.forward` to float rounding (Lee et al., CVPR 2021, Section 3.2).
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from ifan.iac import NEGATIVE_SLOPE
from ifan.network import IFAN
from ifan.shape import FEATURES, FilterLayout, SquareLayout


@dataclass(frozen=True)
class Maps:
    """The network's intermediate estimates, for display.

    Parameters
    ----------
    disparity
        float32 (B, 1, H/8, W/8), px of the small image; None if the network estimates none.
    filters
        float32 (B, 1, H/8, W/8): relative change of the features by a filter set, root mean square over filter sets
        and channels. None for a network without IAC.
    """

    disparity: Tensor | None
    filters: Tensor | None


@torch.inference_mode()
def deblur(network: IFAN, image: Tensor, views: Tensor | None = None) -> Tensor:
    """Deblur in the precision of the network's parameters.

    Parameters
    ----------
    network
        The network, on the images' device; ``torch.channels_last`` is fastest.
    image
        I_B, float32 (B, 3, H, W) in [0, 1], H and W multiples of 8.
    views
        float32 (B, 6, H, W), right then left view; only for the dual-pixel network.

    Returns
    -------
    Tensor
        I_BS, float32 (B, 3, H, W), not clipped.
    """
    return run(network, image, views)


@torch.inference_mode()
def deblur_with_maps(network: IFAN, image: Tensor, views: Tensor | None = None) -> tuple[Tensor, Maps]:
    """Deblur, and also return the disparity map and the change by the filters; see `deblur`."""
    seen: dict[str, Tensor] = {}
    output = run(network, image, views, seen)
    disparity = seen["estimated"].float() if network.shape.disparity else None
    return output, Maps(disparity, seen.get("filters"))


def run(network: IFAN, image: Tensor, views: Tensor | None, seen: dict[str, Tensor] | None = None) -> Tensor:
    """Deblur as a plain function of tensors, which can be traced; ``seen`` collects the estimates. See `deblur`."""
    dtype = network.conv1_1[0].weight.dtype  # type: ignore[union-attr, index]
    seen_by_filters = (image if views is None else views).to(dtype)
    # The filter encoder runs first, because the feature encoder's large outputs stay in memory to the end.
    estimated, fused = network.fuse(network.encode_filters(seen_by_filters))
    *skips, features = network.encode(image.to(dtype))
    if seen is not None:
        seen["estimated"] = estimated
    if network.shape.deblurring == "blocks":
        features = network.blocks(torch.cat([fused, features], dim=1))
    else:
        head = network.filter_head
        fused = network.F[:-1](fused)
        if network.shape.deblurring == "fac":
            features = _apply_square(features, fused, head, SquareLayout(FEATURES))
        else:
            layout = network.shape.layout
            features = _apply_sets(features, fused, head, layout, shared=network.shape.shared_taps, seen=seen)
    # Only the small correction may be bfloat16; the image it is added to keeps its precision.
    return network.reconstruct(features, skips) + image


def _apply_sets(
    features: Tensor,
    fused: Tensor,
    head: nn.Conv2d,
    layout: FilterLayout,
    *,
    shared: bool,
    seen: dict[str, Tensor] | None,
) -> Tensor:
    """Apply Equation 1, with the predictor's last layer split by filter set."""
    passes = (layout.vertical,) if shared else (layout.vertical, layout.horizontal)
    width = layout.channels * layout.taps
    squares: list[Tensor] = []
    # In bfloat16 rounding errors would add up over the passes; float32 costs only a few per cent of the time.
    dtype, features = features.dtype, features.float()
    before = features
    for n in range(layout.sets):
        parts = [_taps_first(head, part(n), layout.taps) for part in passes]
        weight = torch.cat([*(part[0] for part in parts), head.weight[layout.bias(n)].flatten(1)])
        bias = torch.cat([*(part[1] for part in parts), _bias(head)[layout.bias(n)]])
        predicted = _pointwise(fused, weight, bias)
        vertical = predicted[:, :width]
        horizontal = vertical if shared else predicted[:, width : 2 * width]
        features = _filter_along(features, vertical, 2, layout)
        features = _filter_along(features, horizontal, 3, layout, predicted[:, -layout.channels :])
        functional.leaky_relu(features, NEGATIVE_SLOPE, inplace=True)
        if seen is not None:
            squares.append(change_and_size(before, features))
            before = features
    if seen is not None:
        seen["filters"] = share_changed(torch.stack(squares).sum(dim=0))
    return features.to(dtype)


def change_and_size(before: Tensor, after: Tensor) -> Tensor:
    """Return the mean squares over channels of the change by a filter set and of its input, float32 (B, 2, h, w)."""
    before, after = before.float(), after.float()
    return torch.stack([(after - before).square().mean(dim=1), before.square().mean(dim=1)], dim=1)


def share_changed(squares: Tensor) -> Tensor:
    """Return the relative change, (B, 1, h, w), from sums of `change_and_size` over the filter sets, (B, 2, h, w)."""
    return (squares[:, :1] / squares[:, 1:].clamp_min(1e-12)).sqrt()


def _apply_square(features: Tensor, fused: Tensor, head: nn.Conv2d, layout: SquareLayout) -> Tensor:
    """Apply FAC, predicting the filters one row of taps at a time."""
    height, width = features.shape[-2:]
    margin, channels = layout.taps // 2, layout.channels
    padded = functional.pad(features, (margin, margin, margin, margin), mode="replicate")
    result = torch.zeros_like(features)
    weight = head.weight.view(channels, layout.taps, layout.taps, -1)
    bias = _bias(head).view(channels, layout.taps, layout.taps)
    for row in range(layout.taps):
        taps = weight[:, row].transpose(0, 1).reshape(layout.taps * channels, -1)
        predicted = _pointwise(fused, taps, bias[:, row].t().reshape(-1))
        for column, filters in enumerate(predicted.split(channels, dim=1)):
            result.addcmul_(padded[..., row : row + height, column : column + width], filters)
    return result


def _taps_first(head: nn.Conv2d, part: slice, taps: int) -> tuple[Tensor, Tensor]:
    """Return weights and biases of some filters in tap-major order: each tap of all channels is one block."""
    weight = head.weight[part].reshape(-1, taps, head.in_channels).transpose(0, 1).flatten(0, 1)
    return weight, _bias(head)[part].view(-1, taps).t().reshape(-1)


def _pointwise(features: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    # functional.linear computes the same product, but oneDNN's convolution takes half the time.
    return functional.conv2d(features, weight[..., None, None], bias)


def _bias(head: nn.Conv2d) -> Tensor:
    if head.bias is None:
        raise ValueError("the filters' last layer has a bias in every model of the paper")
    return head.bias


def _filter_along(
    features: Tensor, filters: Tensor, dim: int, layout: FilterLayout, bias: Tensor | None = None
) -> Tensor:
    """Filter along one axis, like `ifan.iac.apply_separable`, with filters in tap-major order, and add a bias."""
    margin, length = layout.taps // 2, features.shape[dim]
    padding = (0, 0, margin, margin) if dim == 2 else (margin, margin, 0, 0)
    padded = functional.pad(features, padding, mode="replicate")
    by_tap = filters.split(layout.channels, dim=1)
    first = padded.narrow(dim, 0, length)
    # The bias first, because a pass over the result at the end would cost more.
    result = first * by_tap[0] if bias is None else torch.addcmul(bias.to(first.dtype), first, by_tap[0])
    for tap in range(1, layout.taps):
        result.addcmul_(padded.narrow(dim, tap, length), by_tap[tap])
    return result
