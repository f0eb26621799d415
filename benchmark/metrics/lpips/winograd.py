"""Fast (Winograd) convolutions with fewer multiplications, for float32 images in channels-last order on the CPU.

Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, CVPR 2016: the image is cut into tiles that overlap
by the filter's side minus one. Tiles and filters are transformed, and one matrix product for each position in a tile
gives 4x4 results. Filters of 3x3 take a quarter of the multiplications, filters of 5x5 a sixth. The result differs
from that of a plain convolution by rounding, a few 1e-6 of the largest value.
"""

import math
from collections.abc import Iterator
from fractions import Fraction

import torch
from torch import Tensor, nn

STEP = 4
"""Side of a tile's block of results."""
_TILES_OF_A_STRIP = 160
"""Tiles of all images that are computed at once: enough for efficient matrix products, few enough for the cache."""
_POINTS = (0, 1, -1, 2, -2, Fraction(1, 2), Fraction(-1, 2))
"""Points, besides infinity, at which the algorithm evaluates polynomials: small numbers keep rounding errors low."""
_PLACE_OF_ONE = _POINTS.index(1)
_KERNELS = (3, 5)

Matrix = list[list[Fraction]]


class WinogradConvolution(nn.Module):
    """A convolution of 3x3 or 5x5, stride 1 and padding with zeros, by Winograd's algorithm, and the ReLU after it.

    It is computed in strips of tiles that fit into the processor's cache. The result does not depend on the number of
    threads.

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
        """Convolve and rectify images, float32 (N, C, H, W); the result is in channels-last order."""
        count, _, height, width = images.shape
        frame = self.frame(count, height, width)
        self.inside(frame, height, width).copy_(images.permute(0, 2, 3, 1))
        result = frame.new_empty(count, height, width, self.filters.shape[-1])
        top = 0
        for strip in self.strips(frame, height, width):
            result[:, top : top + strip.shape[1]] = strip
            top += strip.shape[1]
        return result.permute(0, 3, 1, 2)

    def frame(self, count: int, height: int, width: int) -> Tensor:
        """Return a new array for images (N, H, W, C) and a margin of zeros around them; `inside` is not filled."""
        down, across = _tiles(height, width)
        frame = self.filters.new_empty(
            count, down * STEP + 2 * self.margin, across * STEP + 2 * self.margin, self.filters.shape[1]
        )
        rows, columns = slice(self.margin, self.margin + height), slice(self.margin, self.margin + width)
        clear_margin(frame, rows, columns)
        return frame

    def inside(self, frame: Tensor, height: int, width: int) -> Tensor:
        """Return the part of a frame that holds the images, (N, H, W, C)."""
        return frame[:, self.margin : self.margin + height, self.margin : self.margin + width]

    def strips(self, frame: Tensor, height: int, width: int) -> Iterator[Tensor]:
        """Convolve and rectify the images in a frame, and yield the results in strips of rows.

        Parameters
        ----------
        frame
            From `frame`, with the images inside.
        height, width
            Size of the images, px.

        Yields
        ------
        Tensor
            float32 (N, rows, W, outputs); the memory is used again for the next strip.
        """
        count, (down, across) = len(frame), _tiles(height, width)
        most = min(down, max(1, _TILES_OF_A_STRIP // (count * across)))
        outputs, places = self.filters.shape[-1], self.side**2
        tiles, transformed = (frame.new_empty(places * count * most * across * frame.shape[-1]) for _ in range(2))
        products = frame.new_empty(places * count * most * across * outputs)
        results, strip = (frame.new_empty(count * most * across * STEP**2 * outputs) for _ in range(2))
        for top in range(0, down, most):
            shape = (count, min(most, down - top), across)
            rows = frame[:, top * STEP : (top + shape[1]) * STEP + self.side - STEP]
            windows = rows.unfold(1, self.side, STEP).unfold(2, self.side, STEP).permute(4, 5, 0, 1, 2, 3)
            cut = _part(tiles, self.side, self.side, *shape, frame.shape[-1]).copy_(windows).view(places, -1)
            torch.mm(self.to_places, cut, out=(at := _part(transformed, *cut.shape)))
            product = _part(products, places, math.prod(shape), outputs)
            torch.bmm(at.view(places, -1, frame.shape[-1]), self.filters, out=product)
            # The place where both polynomials are evaluated at 1 counts once in each result.
            product[_PLACE_OF_ONE * (self.side + 1)] += self.bias
            found = _part(results, STEP, STEP, *shape, outputs)
            torch.mm(self.to_results, product.view(places, -1), out=found.view(STEP**2, -1))
            whole = _part(strip, count, shape[1], STEP, across, STEP, outputs)
            torch.clamp_min(found.permute(2, 3, 0, 4, 1, 5), 0, out=whole)
            yield whole.view(count, shape[1] * STEP, across * STEP, outputs)[:, : height - top * STEP, :width]


def clear_margin(frame: Tensor, rows: slice, columns: slice) -> None:
    """Set all pixels of images (N, H, W, C) to zero that lie outside of these rows and columns."""
    for margin in (
        frame[:, : rows.start], frame[:, rows.stop :], frame[:, :, : columns.start], frame[:, :, columns.stop :]
    ):  # fmt: skip
        margin.zero_()


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


def _tiles(height: int, width: int) -> tuple[int, int]:
    """Return how many tiles cover an image, down and across."""
    return -(-height // STEP), -(-width // STEP)


def _part(memory: Tensor, *shape: int) -> Tensor:
    """Return the first values of an array in a shape."""
    return memory[: math.prod(shape)].view(shape)


def _tensor(matrix: Matrix) -> Tensor:
    return torch.tensor([[float(value) for value in row] for row in matrix], dtype=torch.float64)
