"""Eight mistakes, each made and each told in one sentence; and no word where nothing is wrong."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from published_trees import Bench, bench

from benchmark.method import Sample
from benchmark.metrics.lpips import network
from benchmark.results.record import Record
from benchmark.suspicion.of_run import doubts_about_run
from benchmark.suspicion.signs import signs_of
from realdof.images.files import read_pixels, write_pixels

__all__ = ["bench"]
HEIGHT, WIDTH, SCENES = 128, 160, 4
Change = Callable[[np.ndarray], np.ndarray]


def sharp(seed: int) -> np.ndarray:
    """A coloured picture with edges, uint16 (H, W, 3), another one for every seed."""
    random = np.random.default_rng(seed)
    coarse = random.uniform(0.1, 0.9, (8, 10, 3)) * (0.5, 1.0, 0.8)
    fine = np.kron(coarse, np.ones((16, 16, 1))) + random.normal(0, 0.02, (HEIGHT, WIDTH, 3))
    return np.rint(fine.clip(0.02, 0.98) * 65535).astype(np.uint16)


def blurred(pixels: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(pixels, (0, 0), 2.0)


def write_pairs(root: Path, source: Change = blurred, target: Change = lambda pixels: pixels, step: int = 0) -> Path:
    """Pairs in a folder; ``step`` pairs each source with a later target."""
    for index in range(SCENES):
        write_pixels(root / "source" / f"{index}.png", source(sharp(index)))
        write_pixels(root / "target" / f"{index}.png", target(sharp(index + step)))
    return root


def said(bench: Bench, pairs: Path, output: Change | None = None, *words: str) -> tuple[str, str]:
    """What the terminal and the table say of ``input`` on pairs, or of outputs made from the sources."""
    results = pairs.parent / "results"
    common = ("--dataset", "folder", "--root", pairs, "--metrics", "psnr", "--results", results, *words)
    if output is None:
        answer = bench("run", "--method", "input", *common)
    else:
        made = pairs.parent / "made"
        for path in (pairs / "source").iterdir():
            write_pixels(made / path.name, output(read_pixels(path)))
        answer = bench("score", made, "--name", "made", *common)
    assert answer.status == 0, answer.err
    protocol = words[words.index("--protocol") + 1] if "--protocol" in words else "ifan-cvpr21"
    table = bench("leaderboard", "--dataset", "folder", "--protocol", protocol, "--results", results)
    assert table.status == 0, table.err
    return " ".join(answer.err.split()), " ".join(table.out.split())


def _both(found: tuple[str, str], sentence: str) -> None:
    for text in found:
        assert "suspicious" in text
        assert sentence in text


def test_reversed_channels_are_named_where_the_output_is_far_below_the_input(bench, tmp_path: Path) -> None:
    found = said(bench, write_pairs(tmp_path / "pairs"), lambda pixels: pixels[..., ::-1].copy())
    _both(found, "so it is BGR, not RGB")


def test_a_wrong_scale_is_named_where_the_output_is_far_below_the_input(bench, tmp_path: Path) -> None:
    found = said(bench, write_pairs(tmp_path / "pairs"), lambda pixels: pixels // 4)
    _both(found, "times its values lie nearest to the truth, so its scale is wrong")


def test_swapped_source_and_target_are_told_by_the_blurrier_target(bench, tmp_path: Path) -> None:
    found = said(bench, write_pairs(tmp_path / "pairs", source=lambda pixels: pixels, target=blurred))
    _both(found, f"the target is blurrier than the input in {SCENES} of {SCENES} images: they look swapped")


def test_a_constant_shift_of_the_output_is_told_with_its_direction(bench, tmp_path: Path) -> None:
    found = said(bench, write_pairs(tmp_path / "pairs"), lambda pixels: np.roll(pixels, (2, -3), (0, 1)))
    _both(found, "the output lies (-3.0, +2.0) px from the target")


@pytest.mark.parametrize("factor", [1, 256, 257])
def test_a_16_bit_file_that_holds_8_bit_values_is_named(bench, factor: int, tmp_path: Path) -> None:
    def eight(pixels: np.ndarray) -> np.ndarray:
        return (blurred(pixels) >> 8).astype(np.uint16) * np.uint16(factor)

    _both(said(bench, write_pairs(tmp_path / "pairs", source=eight)), "0.png is a 16-bit file that holds 8-bit values")


def test_names_paired_off_by_one_are_told(bench, tmp_path: Path) -> None:
    found = said(bench, write_pairs(tmp_path / "pairs", step=1))
    _both(
        found, "each input shows what the target before its own does (1.png is like 0.png): names are paired off by one"
    )
    assert "input and target do not show the same" in found[0]


def test_images_scored_at_another_size_than_their_files_are_told(bench, tmp_path: Path) -> None:
    found = said(bench, write_pairs(tmp_path / "pairs"), None, "--protocol", "dpdnet-16bit")
    _both(found, f"0 for one at 1680x1120 instead of {WIDTH}x{HEIGHT}")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda image: image * 255, "outputs run from .* to .*: they must lie in"),
        (lambda image: image * 4 - 2, "outputs run from .* to .*: they must lie in"),
        (lambda image: (image * 3 - 1).clamp(0, 1), "are clipped to 0 or 1 in the output alone"),
    ],
)
def test_an_output_that_is_clipped_or_in_another_range_is_told(change, sentence: str) -> None:
    assert [doubt for doubt in doubts_about_run(records(change)) if re.search(sentence, doubt)]


def records(change: Callable[[torch.Tensor], torch.Tensor]) -> list[Record]:
    """Records of outputs made from the defocused images."""
    made = []
    for seed in range(SCENES):
        image, truth = (
            torch.from_numpy(np.moveaxis(pixels / np.float32(65535), 2, 0).copy().astype(np.float32))
            for pixels in (blurred(sharp(seed)), sharp(seed))
        )
        signs = signs_of(change(image), Sample(str(seed), image, target=truth))
        made.append(Record.model_validate({"name": str(seed), "status": "ok", "signs": signs}))
    return made


def test_a_run_with_spoilt_lpips_ends_with_one_sentence(bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = network.plain_network

    def spoilt() -> torch.nn.Module:
        whole = made()
        for parameter in whole.parameters():
            parameter.data.zero_()
        return whole

    monkeypatch.setattr(network, "plain_network", spoilt)
    pairs = write_pairs(tmp_path / "pairs")
    answer = bench(
        "run", "--method", "input", "--dataset", "folder", "--root", pairs, "--results", tmp_path / "results"
    )
    assert "LPIPS gives 0.0000 for a known pair of images, where 0.1135 is right" in answer.refusal


def test_right_pairs_and_right_outputs_raise_no_suspicion(bench, tmp_path: Path) -> None:
    pairs = write_pairs(tmp_path / "pairs")
    assert all("suspicious" not in text for text in said(bench, pairs))
    assert all("suspicious" not in text for text in said(bench, pairs, lambda pixels: pixels))


def test_the_signs_are_kept_in_the_records_and_the_doubts_in_the_run(bench, tmp_path: Path) -> None:
    said(bench, write_pairs(tmp_path / "pairs", step=1))
    (run,) = (tmp_path / "results" / "folder" / "input").iterdir()
    assert len(json.loads((run / "run.json").read_text())["doubts"]) == 1
    first = json.loads((run / "records.jsonl").read_text().splitlines()[0])
    assert first["signs"]["gain_db"] == 0


@pytest.mark.slow
def test_the_built_in_sample_raises_no_suspicion(bench, tmp_path: Path) -> None:
    for method in (("input",), ("ifan", "--weights", "synthetic")):
        answer = bench("run", "--method", *method, "--dataset", "sample", "--metrics", "psnr", "--results", tmp_path)
        assert answer.status == 0, answer.err
        assert "suspicious" not in answer.err


@pytest.mark.slow
def test_a_clean_simulated_realdof_raises_no_suspicion(bench, tmp_path: Path) -> None:
    realdof = Path(sys.executable).with_name("realdof")
    for words in (
        ("simulate", tmp_path / "captures", "--scenes", "2"),
        ("build", tmp_path / "captures", tmp_path / "set"),
    ):
        subprocess.run([realdof, *map(str, words)], check=True, capture_output=True)
    run = ("run", "--method", "input", "--dataset", "realdof", "--root", tmp_path / "set", "--metrics", "psnr")
    answer = bench(*run, "--results", tmp_path / "results")
    assert answer.status == 0, answer.err
    assert "suspicious" not in answer.err
