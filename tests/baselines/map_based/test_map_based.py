"""What the map-based methods share: the authors' lambda for each data set, and the seconds of both stages."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from baselines.deconvolution.engine import deconvolve_fast
from baselines.map_based import method
from baselines.map_based.method import MapBasedMethod, eight_bit
from benchmark import registry
from benchmark.datasets.folder import PairedFolder
from benchmark.datasets.subset import restrict
from benchmark.method import Image, MethodCard
from benchmark.running import runner
from benchmark.running.task import prepare
from realdof.images.files import write_pixels


class OnePixel(MapBasedMethod):
    """Takes every image for one blurred by a Gaussian of 1 px."""

    card = MethodCard("one-pixel", "One pixel", "single", "sigma 1 everywhere")

    def sigma_map(self, image: Image) -> Tensor:
        """1 px everywhere."""
        return torch.ones(image.shape[-2:])


@pytest.fixture
def lambdas(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The lambda of every deconvolution."""
    seen: list[float] = []

    def deconvolve(image: Tensor, sigma: Tensor, solver: partial[Tensor]) -> Tensor:
        seen.append(solver.keywords["data_weight"])
        return deconvolve_fast(image, sigma, solver)

    monkeypatch.setattr(method, "deconvolve_fast", deconvolve)
    return seen


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    """A data set of one random pair."""
    random = np.random.default_rng(0)
    for folder in ("source", "target"):
        write_pixels(tmp_path / "pairs" / folder / "a.png", random.integers(0, 256, (64, 80, 3)).astype(np.uint8))
    return tmp_path / "pairs"


@pytest.mark.parametrize(("name", "data_weight"), [("cuhk", 420.0), ("dpdd", 16.8), ("realdof", 4.2), ("other", 16.8)])
def test_a_run_uses_the_authors_lambda_of_its_data_set_and_records_both_stages(
    pair: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lambdas: list[float], name: str, data_weight: float
) -> None:
    monkeypatch.setattr(PairedFolder, "card", replace(PairedFolder.card, name=name))
    task = prepare(PairedFolder(pair), registry.protocol("ifan-cvpr21"), ("psnr",))
    folder, summary = runner.run(task, OnePixel, tmp_path / "results")
    assert set(lambdas) == {data_weight}
    record = folder.records()["a"]
    assert set(record.stages) == set(summary.stages) == {"map", "deconvolution"}
    assert record.seconds is not None
    assert 0 < sum(record.stages.values()) <= record.seconds
    assert summary.stages == record.stages


@pytest.mark.parametrize(("name", "data_weight"), [("cuhk", 420.0), ("realdof", 4.2)])
def test_a_run_on_part_of_a_data_set_uses_the_lambda_of_the_whole(
    pair: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lambdas: list[float], name: str, data_weight: float
) -> None:
    monkeypatch.setattr(PairedFolder, "card", replace(PairedFolder.card, name=name))
    (tmp_path / "list.txt").write_text("a\n")
    dataset = restrict(PairedFolder(pair), tmp_path / "list.txt")
    run, _ = runner.run(prepare(dataset, registry.protocol("ifan-cvpr21"), ("psnr",)), OnePixel, tmp_path / "results")
    assert run.settings.dataset == f"{name}@list"
    assert set(lambdas) == {data_weight}


def test_a_map_keeps_the_256_values_of_its_file_and_no_others() -> None:
    exact = torch.arange(256) / 255
    assert torch.equal(eight_bit(exact), exact)
    noisy = eight_bit(torch.linspace(-0.1, 1.1, 5000))
    assert torch.equal(noisy.unique(), exact)
