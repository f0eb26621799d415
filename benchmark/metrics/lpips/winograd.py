"""Fast (Winograd) convolutions with fewer multiplications, for float32 images in channels-last order on the CPU.

Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, CVPR 2016: the image is cut into tiles that overlap
by the filter's side minus one. Tiles and filters are transformed, and one matrix product for each position in a tile
gives 4x4 results. Filters of 3x3 take a quarter of the multiplications, filters of 5x5 a sixth. The result differs
from that of a plain convolution by rounding, a few 1e-6 of the largest value.
"""

import math
from fractions import Fraction

import torch
from torch import Tensor, nn
from torch.nn import functional

STEP = 4
"""Side of a tile's block of results."""
_POINTS = (0, 1, -1, 2, -2, Fraction(1, 2), Fraction(-1, 2))
"""Points, besides infinity, at which the algorithm evaluates polynomials: small numbers keep rounding errors low."""
_KERNELS = (3, 5)

Matrix = list[list[Fraction]]


class WinogradConvolution(nn.Module):
    """A convolution of 3x3 or 5x5 with stride 1 and zero padding of 1 or 2 px, computed by Winograd's algorithm.

    Parameters
    ----------
    convolution
        The convolution to replace, float32 on the CPU.

    Raises
    ------
    ValueError
        The convolution is of another kind, or has no bias.
    """

    filters: Tensor
    bias: Tensor
    to_places: Tensor
    to_results: Tensor

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        if not is_fit(convolution) or convolution.bias is None:
            raise ValueError(f"{convolution} is no convolution of 3x3 or 5x5 with stride 1, its size kept, and a bias")
        kernel = int(convolution.kernel_size[0])
        self.margin, self.side = kernel // 2, STEP + kernel - 1
        to_results, of_filter, to_places = (_tensor(matrix) for matrix in transforms(kernel))
        weight = convolution.weight.detach().double()
        filters = torch.einsum("ia,ocab,jb->ijco", of_filter, weight, of_filter)
        self.register_buffer("filters", filters.flatten(0, 1).float().contiguous())
        self.register_buffer("bias", convolution.bias.detach())
        # One matrix for the flattened tile instead of one for its columns and one for its rows.
        self.register_buffer("to_places", torch.kron(to_places, to_places).float())
        self.register_buffer("to_results", torch.kron(to_results, to_results).float())

    def forward(self, images: Tensor) -> Tensor:
        """Convolve images, float32 (N, C, H, W), fastest in channels-last order; the result is channels-last."""
        count, channels, height, width = images.shape
        down, across = -(-height // STEP), -(-width // STEP)
        filled = [self.margin, across * STEP - width + self.margin, self.margin, down * STEP - height + self.margin]
        padded = functional.pad(images.permute(0, 2, 3, 1), [0, 0, *filled])
        tiles = padded.unfold(1, self.side, STEP).unfold(2, self.side, STEP).permute(4, 5, 0, 1, 2, 3)
        places = (self.to_places @ tiles.reshape(self.side**2, -1)).view(self.side**2, -1, channels)
        products = torch.bmm(places, self.filters)
        results = (self.to_results @ products.view(self.side**2, -1)).view(STEP, STEP, count, down, across, -1)
        whole = results.permute(2, 3, 0, 4, 1, 5).reshape(count, down * STEP, across * STEP, -1)
        return (whole[:, :height, :width] + self.bias).permute(0, 3, 1, 2)


def is_fit(layer: nn.Module) -> bool:
    """Return whether a layer is a convolution that `WinogradConvolution` can replace."""
    return (
        isinstance(layer, nn.Conv2d)
        and any(layer.kernel_size == (kernel, kernel) for kernel in _KERNELS)
        and layer.padding == (layer.kernel_size[0] // 2, layer.kernel_size[0] // 2)
        and (layer.stride, layer.dilation, layer.groups, layer.padding_mode) == ((1, 1), (1, 1), 1, "zeros")
    )


def transforms(kernel: int) -> tuple[Matrix, Matrix, Matrix]:
    """Compute Toom and Cook's matrices for results, filter and tile: A transposed, G and B transposed in the paper.

    With them ``results @ ((of_filter @ g) * (of_tile @ d))`` is the correlation of a signal d of ``STEP + kernel - 1``
    values with g. The entries are exact. A power of two is moved between filter and tile, so that neither is much
    larger than the other.
    """
    points = [Fraction(point) for point in _POINTS[: STEP + kernel - 2]]
    of_filter: Matrix = []
    of_tile: Matrix = []
    for number, point in enumerate(points):
        others = points[:number] + points[number + 1 :]
        scale = math.prod((point - other for other in others), start=Fraction(1))
        filter_row = [point**power / scale for power in range(kernel)]
        tile_row = [*_with_roots(others), Fraction(0)]
        share = Fraction(2) ** round(math.log2(_length(tile_row) / _length(filter_row)) / 2)
        of_filter.append([value * share for value in filter_row])
        of_tile.append([value / share for value in tile_row])
    of_filter.append([Fraction(power == kernel - 1) for power in range(kernel)])
    of_tile.append(_with_roots(points))
    results = [[point**power for point in points] + [Fraction(power == STEP - 1)] for power in range(STEP)]
    return results, of_filter, of_tile


def _with_roots(roots: list[Fraction]) -> list[Fraction]:
    """Compute the coefficients of the polynomial with these roots, the constant first and 1 last."""
    found = [Fraction(1)]
    for root in roots:
        found = [above - root * here for above, here in zip([Fraction(0), *found], [*found, Fraction(0)], strict=True)]
    return found


def _length(row: list[Fraction]) -> float:
    return math.sqrt(sum(value * value for value in row))


def _tensor(matrix: Matrix) -> Tensor:
    return torch.tensor([[float(value) for value in row] for row in matrix], dtype=torch.float64)
