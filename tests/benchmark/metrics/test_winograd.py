"""The convolution with fewer multiplications is the plain one, rectified, and alike on any number of threads."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from benchmark.metrics.lpips import winograd
from benchmark.metrics.lpips.winograd import STEP, WinogradConvolution, is_fit, transforms


@settings(max_examples=40, deadline=None)
@given(
    kernel=st.sampled_from((3, 5)), count=st.integers(1, 2), inputs=st.integers(1, 9), outputs=st.integers(1, 9),
    height=st.integers(1, 19), width=st.integers(1, 19), seed=st.integers(0, 9), last=st.booleans(),
)  # fmt: skip
@torch.inference_mode()
def test_it_is_a_rectified_convolution_to_rounding(
    kernel: int, count: int, inputs: int, outputs: int, height: int, width: int, seed: int, last: bool
) -> None:
    torch.manual_seed(seed)
    plain = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2)
    images = torch.randn(count, inputs, height, width)
    if last:
        images = images.contiguous(memory_format=torch.channels_last)
    expected = plain.double()(images.double()).relu()
    found = WinogradConvolution(plain.float())(images)
    assert found.shape == expected.shape
    assert float((found - expected).abs().max()) < 3e-5 * max(1.0, float(expected.abs().max()))


@torch.inference_mode()
def test_strips_are_the_rows_of_the_whole_result_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    fast = WinogradConvolution(nn.Conv2d(3, 4, 3, padding=1))
    images = torch.randn(2, 3, 26, 13)
    whole = fast(images).permute(0, 2, 3, 1)
    # Four tiles across and two images: one row of tiles in a strip.
    monkeypatch.setattr(winograd, "_TILES_OF_A_STRIP", 8)
    frame = fast.frame(2, 26, 13)
    fast.inside(frame, 26, 13).copy_(images.permute(0, 2, 3, 1))
    strips = [strip.clone() for strip in fast.strips(frame, 26, 13)]
    assert [strip.shape[1] for strip in strips] == [4, 4, 4, 4, 4, 4, 2]
    assert torch.allclose(torch.cat(strips, 1), whole, atol=1e-6)


@pytest.mark.parametrize("kernel", [3, 5])
def test_the_transforms_are_exact_in_fractions(kernel: int) -> None:
    results, of_filter, of_tile = transforms(kernel)
    # Filters and signals with a single 1 span all others.
    for tap in range(kernel):
        for place in range(STEP + kernel - 1):
            product = [
                filter_row[tap] * tile_row[place] for filter_row, tile_row in zip(of_filter, of_tile, strict=True)
            ]
            found = [sum(a * b for a, b in zip(row, product, strict=True)) for row in results]
            assert found == [int(result + tap == place) for result in range(STEP)]


@pytest.mark.parametrize("layer", [nn.Conv2d(192, 384, 3, padding=1), nn.Conv2d(64, 192, 5, padding=2)], ids=str)
@torch.inference_mode()
def test_it_does_not_depend_on_the_number_of_threads_and_treats_every_image_of_a_batch_alike(layer: nn.Conv2d) -> None:
    torch.manual_seed(0)
    fast = WinogradConvolution(layer)
    image = torch.rand(1, layer.in_channels, 69, 104)
    batch = torch.cat([image, image]).contiguous(memory_format=torch.channels_last)
    before = torch.get_num_threads()
    try:
        results = []
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            results.append(fast(batch))
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(result, results[0]) for result in results)
    assert torch.equal(results[0][0], results[0][1])


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(2, 2, 7, padding=3),
        nn.Conv2d(2, 2, 5, padding=1),
        nn.Conv2d(2, 2, 3),
        nn.Conv2d(2, 2, 3, stride=2, padding=1),
        nn.Conv2d(2, 2, 3, padding=1, groups=2),
        nn.Conv2d(2, 2, 3, padding=1, bias=False),
    ],
)
def test_other_convolutions_are_refused(layer: nn.Conv2d) -> None:
    with pytest.raises(ValueError, match="3x3 or 5x5 with stride 1, its size kept, and a bias"):
        WinogradConvolution(layer)
    assert is_fit(layer) is (layer.bias is None)
