"""A 3x3 convolution with a quarter of the multiplications, for float32 images in channels-last order on the CPU.

Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, CVPR 2016, F(4x4, 3x3): the image is cut into tiles
of 6x6 px that overlap by 2, tiles and filters are transformed, and a product of matrices for each of the 36 places
gives 4x4 results a tile. The result differs from a plain convolution's by rounding, about 1e-5 of the largest value.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

_STEP, _SIDE = 4, 6
_IMAGE = (
    (4, 0, -5, 0, 1, 0),
    (0, -4, -4, 1, 1, 0),
    (0, 4, -4, -1, 1, 0),
    (0, -2, -1, 2, 1, 0),
    (0, 2, -1, -2, 1, 0),
    (0, 4, 0, -5, 0, 1),
)
_FILTER = (
    (1 / 4, 0, 0),
    (-1 / 6, -1 / 6, -1 / 6),
    (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6),
    (1 / 24, -1 / 12, 1 / 6),
    (0, 0, 1),
)
_RESULT = (
    (1, 1, 1, 1, 1, 0),
    (0, 1, -1, 2, -2, 0),
    (0, 1, 1, 4, 4, 0),
    (0, 1, -1, 8, -8, 1),
)
"""The paper's three matrices, transposed B and A and plain G."""


class WinogradConvolution(nn.Module):
    """Computes what a convolution of 3x3 with stride 1 and zero padding of 1 px computes.

    Parameters
    ----------
    convolution
        Whose weights it takes, float32 on the CPU.

    Raises
    ------
    ValueError
        It is a convolution of another kind.
    """

    filters: Tensor
    bias: Tensor
    to_places: Tensor
    to_results: Tensor

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        if not is_fit(convolution) or convolution.bias is None:
            raise ValueError(f"{convolution} is no convolution of 3x3 with stride 1, padding 1 and a bias")
        transform = torch.tensor(_FILTER, dtype=torch.float64)
        weight = convolution.weight.detach().double()
        filters = torch.einsum("ia,ocab,jb->ijco", transform, weight, transform)
        self.register_buffer("filters", filters.flatten(0, 1).float().contiguous())
        self.register_buffer("bias", convolution.bias.detach())
        self.register_buffer("to_places", _both_ways(_IMAGE))
        self.register_buffer("to_results", _both_ways(_RESULT))

    def forward(self, images: Tensor) -> Tensor:
        """Convolve images, float32 (N, C, H, W), quickest in channels-last order; the result is in that order."""
        count, channels, height, width = images.shape
        down, across = -(-height // _STEP), -(-width // _STEP)
        filled = (1, across * _STEP - width + 1, 1, down * _STEP - height + 1)
        padded = functional.pad(images.permute(0, 2, 3, 1), (0, 0, *filled))
        tiles = padded.unfold(1, _SIDE, _STEP).unfold(2, _SIDE, _STEP).permute(4, 5, 0, 1, 2, 3)
        places = (self.to_places @ tiles.reshape(_SIDE**2, -1)).view(_SIDE**2, -1, channels)
        products = torch.bmm(places, self.filters)
        results = (self.to_results @ products.view(_SIDE**2, -1)).view(_STEP, _STEP, count, down, across, -1)
        whole = results.permute(2, 3, 0, 4, 1, 5).reshape(count, down * _STEP, across * _STEP, -1)
        return (whole[:, :height, :width] + self.bias).permute(0, 3, 1, 2)


def is_fit(layer: nn.Module) -> bool:
    """Whether a layer is a convolution that can be computed in this way."""
    return (
        isinstance(layer, nn.Conv2d)
        and (layer.kernel_size, layer.stride, layer.padding) == ((3, 3), (1, 1), (1, 1))
        and (layer.dilation, layer.groups, layer.padding_mode) == ((1, 1), 1, "zeros")
    )


def _both_ways(matrix: tuple[tuple[float, ...], ...]) -> Tensor:
    """One matrix on the flattened tile instead of two, on its columns and its rows."""
    values = torch.tensor(matrix, dtype=torch.float64)
    return torch.kron(values, values).float()
