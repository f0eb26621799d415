"""Shapes of tensors without values: the same as PyTorch's own, and found without its compiler."""

import subprocess
import sys
from contextlib import nullcontext
from importlib.metadata import entry_points

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from benchmark import complexity, registry
from benchmark.shapes import ByShape

METHODS = sorted(entry.name for entry in entry_points(group="ifan_bench.methods"))
few = settings(max_examples=40, deadline=None)
pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))


def empty(*shape: int) -> Tensor:
    return torch.empty(*shape, device="meta")


@few
@given(pairs, pairs, pairs, st.sampled_from([1, 2]), pairs)
def test_a_convolution_has_the_shape_that_pytorch_gives_it(
    stride: tuple[int, int], padding: tuple[int, int], dilation: tuple[int, int], groups: int, kernel: tuple[int, int]
) -> None:
    image, weight = empty(2, 4, 23, 19), empty(6, 4 // groups, *kernel)
    with ByShape():
        found = functional.conv2d(image, weight, None, stride, padding, dilation, groups)
    assert found.shape == functional.conv2d(image, weight, None, stride, padding, dilation, groups).shape


@few
@given(pairs, pairs, pairs, st.sampled_from([1, 2]), pairs, st.sampled_from([0, 1]))
def test_a_transposed_convolution_has_the_shape_that_pytorch_gives_it(
    stride: tuple[int, int],
    padding: tuple[int, int],
    dilation: tuple[int, int],
    groups: int,
    kernel: tuple[int, int],
    extra: int,
) -> None:
    # PyTorch takes extra rows and columns only if they are fewer than the stride or the dilation.
    extra = extra if min(max(one) for one in zip(stride, dilation, strict=True)) > 1 else 0
    image, weight = empty(2, 4, 13, 17), empty(4, 3, *kernel)
    with ByShape():
        found = functional.conv_transpose2d(image, weight, None, stride, padding, extra, groups, dilation)
    assert (
        found.shape == functional.conv_transpose2d(image, weight, None, stride, padding, extra, groups, dilation).shape
    )


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_tensors_put_beside_each_other_add_their_sides(dim: int) -> None:
    shape = [2, 3, 5]
    shape[dim] += 4
    with ByShape():
        found = torch.cat([empty(2, 3, 5), empty(*shape)], dim)
    assert found.shape == torch.cat([empty(2, 3, 5), empty(*shape)], dim).shape


def test_layers_that_do_not_fit_are_an_error_as_with_pytorch() -> None:
    with ByShape():
        with pytest.raises(RuntimeError, match="cannot be put beside each other"):
            torch.cat([empty(2, 3, 5), empty(2, 4, 5)], -1)
        with pytest.raises(RuntimeError, match="was given 5 channels"):
            functional.conv2d(empty(1, 5, 8, 8), empty(6, 4, 3, 3))


def test_padding_by_edge_pixels_adds_to_each_side() -> None:
    with ByShape():
        found = functional.pad(empty(1, 3, 8, 9), (1, 2, 3, 4), mode="replicate")
    assert found.shape == (1, 3, 15, 12)


def test_element_wise_calls_broadcast_or_change_in_place() -> None:
    image, row = empty(2, 3, 4), empty(3, 1)
    with ByShape():
        assert (row * image).shape == (2, 3, 4)
        assert torch.add(image, row, alpha=2).shape == (2, 3, 4)
        assert functional.leaky_relu(row).shape == (3, 1)
        assert image.add_(row) is image
        out = empty(2, 3, 4)
        assert torch.mul(image, row, out=out).shape == (2, 3, 4)


@pytest.mark.parametrize("name", METHODS)
def test_a_method_costs_what_it_costs_by_pytorchs_own_shapes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    architecture = registry.method(name).architecture()
    if architecture is None:
        pytest.skip("no network whose shape is known without weights")
    quick = complexity.count(architecture, 128, 256)
    monkeypatch.setattr(complexity, "ByShape", nullcontext)
    assert complexity.count(architecture, 128, 256) == quick


def test_counting_ifan_loads_no_compiler() -> None:
    lines = (
        "import sys",
        "from benchmark import complexity, registry",
        "architecture = registry.method('ifan').architecture()",
        # Older releases of other libraries load some of it when they are imported.
        "before = set(sys.modules)",
        "complexity.count(architecture)",
        "assert not {'sympy', 'torch._dynamo'} & (set(sys.modules) - before)",
    )
    subprocess.run([sys.executable, "-c", "\n".join(lines)], check=True)
