"""Each protocol equals its literal re-statement, and ours do what their names say."""

from collections.abc import Callable
from pathlib import Path

import cv2
import literal
import numpy as np
import pytest
import skimage.data
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from benchmark import registry
from benchmark.commands.app import app
from benchmark.datasets.base import Entry
from benchmark.datasets.folder import PairedFolder
from benchmark.method import Sample
from benchmark.metrics.base import Metric, MetricInputs
from benchmark.metrics.psnr import PSNR
from benchmark.protocols.aligned import align
from benchmark.protocols.stratified import BANDS, by_blur
from benchmark.running import runner
from benchmark.running.task import prepare
from realdof.common.errors import InputError
from realdof.images.depth import image_from_pixels
from realdof.images.files import write_pixels

READERS: dict[str, tuple[Callable[[Path], np.ndarray], bool]] = {
    "ifan-cvpr21": (literal.ifan_cvpr21, True),
    "ifan-cvpr21-16bit": (literal.ifan_cvpr21_16bit, True),
    "dpdnet-16bit": (literal.dpdnet_16bit, False),
    "restormer": (literal.eight_bits, True),
    "restormer-dual": (literal.restormer_dual, True),
    "drbnet": (literal.drbnet, False),
}
"""How each protocol reads a file, and whether it clips outputs."""
SIZES = {"landscape": (96, 144), "odd": (101, 147), "portrait": (131, 90)}


@pytest.fixture(scope="module")
def metrics() -> dict[str, Metric]:
    return {name: registry.metric(name) for name in ("psnr", "ssim", "ssim-gaussian", "mae", "lpips")}


@pytest.fixture(scope="module")
def alexnet() -> Callable[[np.ndarray, np.ndarray], float]:
    return literal.AlexNetDistance()


def photograph(height: int, width: int, bits: int) -> np.ndarray:
    """A part of a real photograph, with values in the lower bits where there are 16."""
    part = skimage.data.coffee()[40 : 40 + height, 60 : 60 + width]
    if bits == 8:
        return part
    low = np.random.default_rng(0).integers(0, 256, part.shape)
    return (part.astype(np.uint16) << 8) + low.astype(np.uint16)


def entry_of(folder: Path, size: str, bits: int) -> Entry:
    pixels = photograph(*SIZES[size], bits)
    blurred = cv2.GaussianBlur(pixels, (0, 0), 2)
    for name, image in (("source", blurred), ("target", pixels)):
        write_pixels(folder / name / "x.png", image)
    return Entry("x", folder / "source" / "x.png", target=folder / "target" / "x.png")


CASES = [
    (name, size, bits)
    for name in READERS
    for size in SIZES
    for bits in (8, 16)
    if bits == 16 or registry.protocol(name).bits == 8
]


@pytest.mark.parametrize(("name", "size", "bits"), CASES)
def test_a_protocol_equals_its_literal_restatement(
    name: str, size: str, bits: int, metrics: dict[str, Metric], alexnet, tmp_path: Path
) -> None:
    protocol = registry.protocol(name)
    read, clips = READERS[name]
    entry = entry_of(tmp_path, size, bits)
    sample = protocol.load(entry)
    assert sample.target is not None
    # A method's output: sharper than its input, and beyond [0, 1] in places.
    output = (sample.image - 0.5) * 2.5 + 0.5
    assert entry.target is not None
    ours = protocol.score(output, sample, {n: metrics[protocol.registered(n)] for n in protocol.metrics})

    source, target = read(entry.image), read(entry.target)
    colours = source[..., ::-1] if name == "dpdnet-16bit" else source
    np.testing.assert_allclose(sample.image.permute(1, 2, 0).numpy(), colours, atol=1e-7)
    result = output.permute(1, 2, 0).numpy()
    assert result.min() < 0
    assert result.max() > 1
    result = result[..., ::-1] if name == "dpdnet-16bit" else result
    result = np.clip(result, 0, 1) if clips else result
    expected = {
        "psnr": literal.psnr(result, target),
        "ssim": literal.ssim(result, target),
        "mae": literal.mae(result, target),
    }
    for metric in ours.keys() & expected.keys():
        assert ours[metric] == pytest.approx(expected[metric], abs=1e-9), metric
    if "lpips" in ours:
        assert ours["lpips"] == pytest.approx(alexnet(np.ascontiguousarray(result), target), abs=1e-6)


@pytest.mark.parametrize(("name", "border"), [("nrknet", 0), ("nrknet-rtf", 4)])
@pytest.mark.parametrize("size", SIZES)
def test_nrknet_is_its_authors_script_padding_bgr_and_unclipped_values_included(
    name: str, border: int, size: str, metrics: dict[str, Metric], alexnet, tmp_path: Path
) -> None:
    protocol = registry.protocol(name)
    entry = entry_of(tmp_path, size, 16)
    sample = protocol.load(entry)
    assert entry.target is not None
    source, target = literal.nrknet(entry.image), literal.nrknet(entry.target)
    np.testing.assert_allclose(sample.image.permute(1, 2, 0).numpy()[..., ::-1], source, atol=1e-7)
    assert protocol.fitted_size(*SIZES[size]) == source.shape[:2]
    output = (sample.image - 0.5) * 2.5 + 0.5
    ours = protocol.score(output, sample, {n: metrics[protocol.registered(n)] for n in protocol.metrics})
    theirs = literal.nrknet_scores(output.permute(1, 2, 0).numpy()[..., ::-1], target, alexnet, border)
    assert ours.keys() == theirs.keys() == {"psnr", "ssim", "lpips"}
    for metric, close in (("psnr", 1e-5), ("ssim", 1e-6), ("lpips", 1e-6)):
        assert ours[metric] == pytest.approx(theirs[metric], abs=close), metric


def test_lpips_under_nrknet_is_not_that_of_rgb_and_ssim_not_that_of_clipped_values(
    metrics: dict[str, Metric], tmp_path: Path
) -> None:
    sample = registry.protocol("nrknet").load(entry_of(tmp_path, "landscape", 16))
    output = (sample.image - 0.5) * 2.5 + 0.5
    theirs = registry.protocol("nrknet").score(output, sample, {n: metrics[n] for n in ("ssim", "lpips")})
    usual = registry.protocol("restormer").score(output, sample, {n: metrics[n] for n in ("ssim", "lpips")})
    assert abs(theirs["lpips"] - usual["lpips"]) > 1e-3
    assert abs(theirs["ssim"] - usual["ssim"]) > 1e-3


def test_the_columns_of_each_protocol_are_those_its_authors_report() -> None:
    every = ("psnr", "ssim", "mae", "lpips")
    assert {name: registry.protocol(name).metrics for name in READERS} == dict.fromkeys(READERS, every) | {
        "dpdnet-16bit": ("psnr", "ssim", "mae"),
        "drbnet": ("psnr", "ssim", "lpips"),
    }


def test_the_same_output_scores_differently_under_different_protocols(
    metrics: dict[str, Metric], tmp_path: Path
) -> None:
    entry = entry_of(tmp_path, "odd", 16)
    psnr = {}
    for name in ("ifan-cvpr21", "ifan-cvpr21-16bit", "drbnet", "nrknet"):
        sample = registry.protocol(name).load(entry)
        assert sample.target is not None
        output = (sample.image - 0.5) * 1.4 + 0.48
        psnr[name] = registry.protocol(name).score(output, sample, {"psnr": metrics["psnr"]})["psnr"]
    assert len(set(psnr.values())) == len(psnr)


@pytest.mark.parametrize("name", [card.name for card in registry.cards(registry.PROTOCOLS) if card.bits == 16])
def test_protocols_for_16_bits_refuse_8_bit_files(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"protocol {name} needs 16"):
        registry.protocol(name).load(entry_of(tmp_path, "landscape", 8))


@pytest.mark.parametrize("name", ["nrknet", "aligned", "blur-stratified", "restormer"])
def test_a_run_under_a_protocol_ends_with_a_mean_of_every_column(name: str, make_pairs, tmp_path: Path) -> None:
    wanted = ("psnr", "ssim", "mae")
    task = prepare(PairedFolder(make_pairs(2)), registry.protocol(name), wanted)
    folder, summary = runner.run(task, registry.method("input"), tmp_path / "results")
    assert set(wanted) <= set(summary.scores)
    assert folder.settings.protocol == name


def target_and_shifted(down: float, right: float) -> tuple[torch.Tensor, torch.Tensor]:
    """A sharp photograph, and the same as a camera that points elsewhere by that many px sees it."""
    fine = skimage.data.astronaut()[:480, :480].astype(np.float32) / 255
    smooth = cv2.GaussianBlur(fine, (0, 0), 1.0)
    moved = cv2.warpAffine(
        smooth, np.array([[1, 0, right], [0, 1, down]], float), (480, 480), flags=cv2.INTER_LANCZOS4,
        borderMode=cv2.BORDER_REFLECT_101,
    )  # fmt: skip
    cut = (slice(None), slice(40, 440), slice(40, 440))
    first, second = (
        torch.from_numpy(image).permute(2, 0, 1)[cut].clamp(0, 1).contiguous() for image in (smooth, moved)
    )
    return first, second


@pytest.mark.parametrize("motion", ["translation", "homography"])
@pytest.mark.parametrize(("down", "right"), [(1.0, -2.0), (0.5, 0.25), (-0.3, 3.7)])
def test_alignment_finds_a_shift_and_gives_back_what_it_cost(motion, down: float, right: float) -> None:
    target, shifted = target_and_shifted(down, right)
    moved = align(shifted, target, motion)
    assert moved.shift == pytest.approx(np.hypot(down, right), abs=0.05)
    name = "aligned" if motion == "translation" else "aligned-homography"
    sample = Sample("x", shifted, target=target)
    before = registry.protocol("ifan-cvpr21").score(shifted, sample, {"psnr": PSNR()})["psnr"]
    after = registry.protocol(name).score(shifted, sample, {"psnr": PSNR()})
    assert after["psnr"] > max(before + 8, 40)
    assert after["shift_px"] == moved.shift


def test_an_aligned_output_scores_the_same_but_for_its_border() -> None:
    target, _ = target_and_shifted(0, 0)
    output = cv2.GaussianBlur(target.permute(1, 2, 0).numpy(), (0, 0), 1.5)
    blurred = torch.from_numpy(output).permute(2, 0, 1).contiguous()
    moved = align(blurred, target, "translation")
    region = (slice(None), *moved.region.slices)
    assert moved.shift < 0.02
    assert PSNR()(moved.output[region], target[region]) == pytest.approx(
        PSNR()(blurred[region], target[region]), abs=0.02
    )
    assert moved.region.height >= 390


def test_where_no_alignment_exists_the_output_stays_and_no_shift_is_recorded() -> None:
    generator = torch.Generator().manual_seed(0)
    output, target = (torch.rand(3, 96, 96, generator=generator) for _ in range(2))
    moved = align(output, torch.full_like(target, 0.5), "translation")
    assert moved.shift is None
    sample = Sample("x", output, target=torch.full_like(target, 0.5))
    scores = registry.protocol("aligned").score(output, sample, {"psnr": PSNR()})
    assert scores.keys() == {"psnr"}
    region = (slice(None), *moved.region.slices)
    assert torch.equal(moved.output[region], output[region])


def test_shift_is_counted_over_valid_pixels_only() -> None:
    target, shifted = target_and_shifted(0, 6)
    moved = align(shifted, target, "translation")
    # 6 px have no content, and the kernel needs up to 4 px beyond the last one that has.
    assert 400 - 6 - 8 <= moved.region.width <= 400 - 6
    assert 400 - 8 <= moved.region.height <= 400


def blur_of(image: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    found = MetricInputs(image, target, image).blur_map
    assert found is not None
    return found


@given(st.integers(0, 2**32 - 1), st.integers(64, 200), st.integers(64, 200))
@settings(deadline=None, max_examples=20)
def test_squared_errors_of_the_bands_add_up_to_the_images(seed: int, height: int, width: int) -> None:
    random = np.random.default_rng(seed)
    truth = photograph(max(height, 64), max(width, 64), 8)
    blurred = cv2.GaussianBlur(truth, (0, 0), 0.3 + 3 * random.random())
    target, image = image_from_pixels(truth), image_from_pixels(blurred)
    output = (image + 0.1 * torch.from_numpy(random.standard_normal(image.shape)).float()).clamp(0, 1)
    scores = by_blur(output, target, image, blur_of(image, target))
    assert sum(scores[f"share@{band}"] for band in BANDS) == pytest.approx(1)
    mean = sum(scores[f"share@{band}"] * scores.get(f"mse@{band}", 0.0) for band in BANDS)
    assert mean == pytest.approx(float((output.double() - target.double()).square().mean()), rel=1e-5)


def test_bands_tell_the_blurred_half_from_the_sharp_one() -> None:
    truth = photograph(256, 256, 8)
    blurred = cv2.GaussianBlur(truth, (0, 0), 3.0)
    image = truth.copy()
    image[:, 128:] = blurred[:, 128:]
    defocused, target = image_from_pixels(image), image_from_pixels(truth)
    scores = by_blur(defocused, target, defocused, blur_of(defocused, target))
    assert scores["share@2-4"] > 0.2
    assert scores["share@0-0.5"] > 0.2
    assert scores["mse@2-4"] > 20 * scores["mse@0-0.5"]


def test_every_protocol_is_listed_with_its_version() -> None:
    listed = CliRunner().invoke(app, ["protocols"])
    assert listed.exit_code == 0, listed.output
    assert all(name in listed.output for name in registry.names(registry.PROTOCOLS))


def test_every_protocol_reads_files_of_8_or_16_bits_and_those_named_16bit_of_16() -> None:
    bits = {name: registry.protocol(name).bits for name in registry.names(registry.PROTOCOLS)}
    assert set(bits.values()) == {8, 16}
    assert {depth for name, depth in bits.items() if name.endswith("16bit")} == {16}
    assert bits["restormer"] == bits["ifan-cvpr21"] == 8
