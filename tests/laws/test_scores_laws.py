"""Laws of scores: limits, formulas and symmetries of metrics, protocols that change nothing twice, files kept whole."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from torch import Tensor

from benchmark import registry
from benchmark.datasets.base import Entry
from benchmark.metrics.base import Metric
from benchmark.running import runner
from benchmark.running.task import open_task
from realdof.images.files import read_pixels, write_pixels

law = settings(max_examples=20, database=None, deadline=None, suppress_health_check=list(HealthCheck))
FULL_REFERENCE = ("psnr", "psnr-y", "ssim", "ssim-gaussian", "mae")
PROTOCOLS = tuple(name for name in registry.names(registry.PROTOCOLS) if not name.startswith(("pixel4", "sdd")))
"""Those that take a pair of files; the others have files of their own."""


def image_of(number: int, size: tuple[int, int] = (32, 40)) -> Tensor:
    return torch.rand(3, *size, generator=torch.Generator().manual_seed(number))


def score(name: str, output: Tensor, target: Tensor) -> float:
    return float(registry.metric(name)(output=output, target=target))


@pytest.mark.parametrize("name", FULL_REFERENCE)
@seed(16)
@law
@given(number=st.integers(0, 10**6), small=st.floats(0.01, 0.1), factor=st.floats(1.5, 4))
def test_more_noise_is_a_worse_score(name: str, number: int, small: float, factor: float) -> None:
    image, noise = image_of(number) * 0.4 + 0.3, image_of(number + 1) - 0.5
    little, much = (score(name, (image + noise * share).clamp(0, 1), image) for share in (small, small * factor))
    lower = registry.metric_card(name).better == "lower"
    assert (little < much) == lower, (little, much)


@seed(16)
@law
@given(number=st.integers(0, 10**6))
def test_the_mean_absolute_error_keeps_the_triangle_inequality(number: int) -> None:
    a, b, c = (image_of(number + step) for step in range(3))
    assert score("mae", a, c) <= score("mae", a, b) + score("mae", b, c) + 1e-7


@seed(16)
@law
@given(a=st.floats(0, 1), b=st.floats(0, 1))
def test_ssim_of_two_even_greys_is_its_luminance_term_alone(a: float, b: float) -> None:
    first, second = (torch.full((3, 24, 24), value) for value in (a, b))
    expected = (2 * a * b + 1e-4) / (a * a + b * b + 1e-4)
    for name in ("ssim", "ssim-gaussian"):
        assert score(name, first, second) == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize("name", FULL_REFERENCE)
def test_black_for_white_is_the_worst_there_is(name: str) -> None:
    black, white = torch.zeros(3, 24, 24), torch.ones(3, 24, 24)
    worst = {"psnr": 0.0, "psnr-y": 20 * math.log10(255 / 219), "ssim": 1e-4, "ssim-gaussian": 1e-4, "mae": 1.0}[name]
    assert score(name, black, white) == pytest.approx(worst, abs=2e-4)


@pytest.mark.parametrize("name", ["psnr", "ssim", "ssim-gaussian", "mae"])
@seed(16)
@law
@given(number=st.integers(0, 10**6), order=st.permutations(range(3)))
def test_channels_count_alike_and_a_turned_pair_scores_the_same(name: str, number: int, order: list[int]) -> None:
    a, b = image_of(number), image_of(number + 1)
    plain = score(name, a, b)
    assert score(name, a[order], b[order]) == pytest.approx(plain, rel=1e-5)
    turned = score(name, a.transpose(1, 2).contiguous(), b.transpose(1, 2).contiguous())
    assert turned == pytest.approx(plain, rel=1e-5)


@pytest.fixture(scope="module")
def lpips() -> Metric:
    return registry.metric("lpips")


@seed(16)
@settings(parent=law, max_examples=4)
@given(number=st.integers(0, 10**6))
def test_lpips_is_zero_of_the_same_and_alike_both_ways(lpips: Metric, number: int) -> None:
    a, b = image_of(number, (64, 64)), image_of(number + 1, (64, 64))
    assert float(lpips(output=a, target=a.clone())) == pytest.approx(0, abs=1e-6)
    there, back = float(lpips(output=a, target=b)), float(lpips(output=b, target=a))
    assert there == pytest.approx(back, rel=1e-4)
    assert there > 0.01


@pytest.mark.parametrize("name", PROTOCOLS)
@seed(16)
@settings(parent=law, max_examples=5)
@given(number=st.integers(0, 10**6), height=st.integers(48, 90), width=st.integers(48, 90))
def test_what_a_protocol_has_brought_to_size_and_finished_it_leaves_alone(
    name: str, number: int, height: int, width: int
) -> None:
    protocol = registry.protocol(name)
    fitted = protocol.fit(image_of(number, (height, width)))
    assert tuple(fitted.shape[-2:]) == protocol.fitted_size(height, width)
    torch.testing.assert_close(protocol.fit(fitted), fitted, rtol=0, atol=0)
    finished = protocol.finished(fitted * 1.3 - 0.1, fitted)
    torch.testing.assert_close(protocol.finished(finished, fitted), finished, rtol=0, atol=1e-7)


@pytest.mark.parametrize("name", PROTOCOLS)
def test_the_all_in_focus_image_itself_scores_perfectly_under_every_protocol(name: str, tmp_path: Path) -> None:
    protocol = registry.protocol(name)
    pixels = np.random.default_rng(3).integers(0, 65536, (96, 128, 3)).astype(np.uint16)
    if protocol.bits == 8:
        pixels = (pixels >> 8).astype(np.uint8)
    for role in ("source", "target"):
        write_pixels(tmp_path / role / "x.png", pixels)
    sample = protocol.load(Entry("x", tmp_path / "source" / "x.png", target=tmp_path / "target" / "x.png"))
    assert sample.target is not None
    columns = [column for column in protocol.metrics if protocol.registered(column) != "lpips"]
    metrics = {column: registry.metric(protocol.registered(column)) for column in columns}
    scores = protocol.score(sample.target.float(), sample, metrics)
    assert scores
    for column in columns:
        card = registry.metric_card(protocol.registered(column))
        low, high = card.range
        best = low if card.better == "lower" else high
        if math.isinf(best):
            assert scores[column] > 90, (column, scores)
        else:
            assert scores[column] == pytest.approx(best, abs=1e-6), (column, scores)


def test_a_perfect_submission_scores_perfectly(tmp_path: Path) -> None:
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 256, (64, 80, 3)).astype(np.uint8)
        for role in ("source", "target"):
            write_pixels(tmp_path / "pairs" / role / f"{number}.png", pixels if role == "target" else pixels // 2)
    task = open_task("folder", None, ("psnr", "ssim", "mae", "lpips"), root=tmp_path / "pairs")
    run, summary = runner.score(task, tmp_path / "pairs" / "target", "perfect", tmp_path / "results")
    assert not summary.failed
    for record in run.records().values():
        assert record.scores["psnr"] == math.inf or record.scores["psnr"] > 90
        assert record.scores["ssim"] == pytest.approx(1)
        assert record.scores["mae"] == 0
        assert record.scores["lpips"] == pytest.approx(0, abs=1e-6)


@seed(16)
@law
@given(
    number=st.integers(0, 10**6), height=st.integers(1, 40), width=st.integers(1, 40), bits=st.sampled_from((8, 16)),
    suffix=st.sampled_from((".png", ".tif", ".tiff", ".PNG")),
)  # fmt: skip
def test_files_give_back_every_pixel_of_either_depth(
    number: int, height: int, width: int, bits: int, suffix: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    pixels = np.random.default_rng(number).integers(0, 2**bits, (height, width, 3))
    pixels = pixels.astype(np.uint8 if bits == 8 else np.uint16)
    path = tmp_path_factory.getbasetemp() / f"round-trip{suffix}"
    write_pixels(path, pixels)
    found = read_pixels(path)
    assert found.dtype == pixels.dtype
    assert np.array_equal(found, pixels)
    first = path.read_bytes()
    write_pixels(path, found)
    assert path.read_bytes() == first, "the same pixels are the same file"
