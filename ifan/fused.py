"""Fuse a convolution and the operation after it by oneDNN: the same bits, with fewer passes over memory.

``torch.compile`` uses these operations; plain module calls do not.
"""

from typing import cast

import torch
from torch import Tensor, nn

from ifan.iac import NEGATIVE_SLOPE

_OPERATIONS = ("_convolution_pointwise", "_convolution_transpose_pointwise")
AVAILABLE = torch.backends.mkldnn.is_available() and all(hasattr(torch.ops.mkldnn, name) for name in _OPERATIONS)
"""Whether this build of torch has the fused operations."""


def can_fuse(features: Tensor) -> bool:
    """Return whether fusion applies: inference on a CPU in float32, features (B, C, H, W) in channels-last order.

    It is not used in bfloat16, where the plain operations round once more, between convolution and activation.
    """
    return (
        AVAILABLE
        and features.device.type == "cpu"
        and features.dtype == torch.float32
        and not torch.is_grad_enabled()
        and features.is_contiguous(memory_format=torch.channels_last)
        and not torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]
        and not torch.compiler.is_compiling()
    )


def conv_lrelu(features: Tensor, conv: nn.Conv2d) -> Tensor:
    """Apply a convolution and the paper's leaky ReLU."""
    made = torch.ops.mkldnn._convolution_pointwise(
        features, conv.weight, conv.bias, conv.padding, conv.stride, conv.dilation, conv.groups,
        "leaky_relu", [NEGATIVE_SLOPE], "",
    )  # fmt: skip
    return cast(Tensor, made)


def conv_add(features: Tensor, conv: nn.Conv2d, added: Tensor) -> Tensor:
    """Apply a convolution and add ``added``, which has the shape of the result."""
    made = torch.ops.mkldnn._convolution_pointwise.binary(
        features, added, conv.weight, conv.bias, conv.padding, conv.stride, conv.dilation, conv.groups,
        "add", 1.0, None, [], None,
    )  # fmt: skip
    return cast(Tensor, made)


def upconv_lrelu(features: Tensor, conv: nn.ConvTranspose2d) -> Tensor:
    """Apply a transposed convolution and the paper's leaky ReLU."""
    made = torch.ops.mkldnn._convolution_transpose_pointwise(
        features, conv.weight, conv.bias, conv.padding, conv.output_padding, conv.stride, conv.dilation, conv.groups,
        "leaky_relu", [NEGATIVE_SLOPE], "",
    )  # fmt: skip
    return cast(Tensor, made)
