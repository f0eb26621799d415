"""Data set `pixel4`, developed from small raws that are made from known light, and its protocols."""

from pathlib import Path

import numpy as np
import pytest
import torch
from published_trees import bench

from benchmark import registry
from benchmark.datasets.published import pixel4
from benchmark.datasets.published.pixel4 import BLACK, WHITE, Pixel4
from benchmark.protocols.linear import PIXEL4, PIXEL4_GAMMA, fitted_gain
from realdof.common.errors import InputError
from realdof.images.files import read_pixels, write_pixels

__all__ = ["bench"]
FIELD, VIEW = (72, 96), (108, 144)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pixel4, "FIELD", FIELD)
    monkeypatch.setenv("IFAN_BENCH_CACHE", str(tmp_path / "cache"))


def write_grey(path: Path, pixels: np.ndarray) -> None:
    write_pixels(path, np.repeat(np.rint(pixels).astype(np.uint16)[..., None], 3, axis=2))


def scene_of(seed: int) -> np.ndarray:
    """Linear light in [0, 0.5], (108, 144), smooth enough to be aligned."""
    coarse = np.random.default_rng(seed).uniform(0, 0.5, (27, 36))
    return np.kron(coarse, np.ones((4, 4)))


def write_raws(root: Path, *, flat: bool = False, scenes: int = 2) -> Path:
    """Scenes whose right view is darker towards one side, as its white sheet tells."""
    falloff = np.linspace(1.0, 0.7, VIEW[1])[None, :].repeat(VIEW[0], 0)
    inner = (slice(18, 18 + FIELD[0]), slice(24, 24 + FIELD[1]))
    for number in range(1, scenes + 1):
        light = scene_of(number)
        write_grey(root / f"{number:03d}_left.png", BLACK + light * (WHITE - BLACK))
        write_grey(root / f"{number:03d}_right.png", BLACK + light * falloff * (WHITE - BLACK))
        truths = root if flat else root / "gt_all_in_focus_im"
        write_grey(truths / f"{number:03d}_gt.png", light[inner] * 0.9 * 65535)
    sheets = root if flat else root / "calibration"
    write_grey(sheets / "white_sheet_left.png", BLACK + np.full(VIEW, 5000.0))
    write_grey(sheets / "white_sheet_right.png", BLACK + 5000 * falloff)
    return root


@pytest.mark.parametrize("flat", [False, True])
def test_black_is_taken_off_white_sheets_are_divided_and_the_central_field_is_kept(flat: bool, tmp_path: Path) -> None:
    dataset = Pixel4(
        write_raws(tmp_path / "DP_data_pixel_4", flat=flat).parent if not flat else write_raws(tmp_path, flat=True)
    )
    dataset.prepare()
    entry = dataset.entries()[0]
    light = scene_of(1)[18 : 18 + FIELD[0], 24 : 24 + FIELD[1]]
    left, right, image = (read_pixels(path)[..., 0] / 65535 for path in (entry.left, entry.right, entry.image))
    assert np.abs(left - light).max() < 1e-4
    # The ratio of the sheets is averaged over a box as wide as this image, so that it is right on average.
    assert right.mean() == pytest.approx(light.mean(), rel=0.05)
    assert np.abs(image - (left + right) / 2).max() < 1e-4
    assert (entry.name, entry.groups) == ("001", {"scene": "001"})


def test_a_set_is_developed_once_and_again_if_the_cache_is_damaged(tmp_path: Path) -> None:
    dataset = Pixel4(write_raws(tmp_path / "raws"))
    steps: list[int] = []
    dataset.prepare(lambda done, total: steps.append(done))
    dataset.prepare(lambda done, total: steps.append(done))
    assert steps == [0, 1, 2]
    dataset.entries()[0].image.write_bytes(b"damage")
    Pixel4(tmp_path / "raws").prepare(lambda done, total: steps.append(done))
    assert steps == [0, 1, 2] * 2
    manifest = dataset.entries()[0].image.parents[1] / "manifest.json"
    whole = manifest.read_text(encoding="utf-8")
    for number, damaged in enumerate((b"", b"[1]", b"null", b'{"a": 1}', b"[" * 100_000, b"\xff")):
        manifest.write_bytes(damaged)
        Pixel4(tmp_path / "raws").prepare(lambda done, total: steps.append(done))
        assert steps == [0, 1, 2] * (3 + number), damaged[:9]
        assert manifest.read_text(encoding="utf-8") == whole


def _eight_bits(root: Path) -> None:
    write_pixels(root / "001_left.png", np.zeros((*VIEW, 3), np.uint8))


def _sixteen_bits(root: Path) -> None:
    write_grey(root / "001_right.png", np.full(VIEW, 60000.0))


def _no_sheet(root: Path) -> None:
    (root / "calibration" / "white_sheet_right.png").unlink()


def _no_truth(root: Path) -> None:
    (root / "gt_all_in_focus_im" / "002_gt.png").unlink()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_eight_bits, "16-bit files of 14-bit values"),
        (_sixteen_bits, "the views have 14 bits"),
        (_no_sheet, "needs both white sheets"),
        (_no_truth, "has no 002_gt.png"),
    ],
)
def test_a_spoilt_set_is_refused_in_one_sentence(bench, spoil, said: str, tmp_path: Path) -> None:
    root = write_raws(tmp_path / "raws")
    spoil(root)
    assert said in bench("run", "--method", "input", "--dataset", "pixel4", "--root", root).refusal


def test_a_folder_without_raws_is_told_what_is_right(bench, tmp_path: Path) -> None:
    (tmp_path / "set" / "photographs").mkdir(parents=True)
    refusal = bench("run", "--method", "input", "--dataset", "pixel4", "--root", tmp_path / "set").refusal
    assert "no NNN_left.png" in refusal
    assert "it holds photographs/" in refusal
    assert "git clone" in refusal


@pytest.mark.parametrize("protocol", ["pixel4", "pixel4-gamma"])
def test_eight_scenes_run_as_a_part_of_the_seventeen(bench, protocol: str, tmp_path: Path) -> None:
    root, listed = write_raws(tmp_path / "raws"), tmp_path / "two.txt"
    listed.write_text("001\n002\n")
    run = ("run", "--method", "input", "--dataset", "pixel4", "--root", root, "--protocol", protocol)
    assert "holds 2 images, Pixel 4 dual-pixel has 17" in bench(*run).refusal
    answer = bench(*run, "--subset", listed, "--metrics", "psnr", "--results", tmp_path / "results")
    assert answer.status == 0, answer.err
    by_scene = bench("leaderboard", "--dataset", "pixel4@two", "--protocol", protocol, "--by", "scene",
                     "--results", tmp_path / "results", "--format", "csv")  # fmt: skip
    assert [line.split(",")[1] for line in by_scene.out.splitlines()[1:3]] == ["001", "002"]


@pytest.mark.parametrize("gain", [0.25, 1.0, 1.8])
def test_the_fitted_gain_is_the_one_between_input_and_truth(gain: float) -> None:
    image = torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(1)) * 0.5
    assert fitted_gain(image, image * gain) == pytest.approx(gain, rel=1e-6)


@pytest.mark.parametrize("protocol", [PIXEL4, PIXEL4_GAMMA])
def test_the_gain_is_the_inputs_so_a_method_that_darkens_is_not_forgiven(protocol, tmp_path: Path) -> None:
    dataset = Pixel4(write_raws(tmp_path / "raws"))
    dataset.prepare()
    sample = protocol.load(dataset.entries()[0])
    psnr = {"psnr": registry.metric("psnr")}
    kept = protocol.score(sample.image, sample, psnr)["psnr"]
    darker = protocol.score(sample.image * 0.5, sample, psnr)["psnr"]
    assert kept > 30
    assert darker < kept - 10


def test_methods_see_the_curve_under_the_gamma_protocol(tmp_path: Path) -> None:
    dataset = Pixel4(write_raws(tmp_path / "raws"))
    dataset.prepare()
    entry = dataset.entries()[0]
    linear, encoded = PIXEL4.load(entry), PIXEL4_GAMMA.load(entry)
    assert torch.allclose(encoded.image, linear.image ** (1 / 2.2), atol=1e-6)
    assert PIXEL4.reading != PIXEL4_GAMMA.reading


def test_a_file_that_is_no_image_is_told(tmp_path: Path) -> None:
    root = write_raws(tmp_path / "raws")
    (root / "001_left.png").write_bytes(b"no image")
    with pytest.raises(InputError, match=r"001_left\.png"):
        Pixel4(root).prepare()
