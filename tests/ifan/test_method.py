"""IFAN as a method: images of any size, cut into tiles only where they do not fit, and never without saying so."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from golden import weights_for
from torch import Tensor

from benchmark import registry
from benchmark.datasets.folder import PairedFolder
from benchmark.leaderboards.build import build
from benchmark.method import Context, MethodCard, Sample, WeightsUsed
from benchmark.results.run import Run
from benchmark.running import runner
from benchmark.running.task import prepare
from benchmark.tiling import Tiling
from ifan.cards import CARDS
from ifan.method import IFANMethod
from ifan.network import IFAN, NetworkShape
from realdof.common.errors import InputError
from realdof.images.files import write_pixels

CARD = MethodCard("ifan-n8", "IFAN", "single", "with made-up weights")


@pytest.fixture(scope="module")
def network() -> IFAN:
    network = IFAN(NetworkShape(8))
    network.load_state_dict(weights_for(network))
    return network.eval().requires_grad_(False)


def method(network: IFAN, **options: int) -> IFANMethod:
    return IFANMethod(CARD, network, WeightsUsed("made-up", "0" * 64, "made up"), **options)


def sample(height: int, width: int) -> Sample:
    return Sample("x", torch.rand(3, height, width, generator=torch.Generator().manual_seed(0)))


def difference(one: Tensor, other: Tensor) -> float:
    """Largest difference, of the largest value."""
    return float((one - other).abs().max() / other.abs().max())


@pytest.mark.slow
def test_tiles_with_the_safe_overlap_give_the_whole_image(network: IFAN) -> None:
    loaded, image = method(network), sample(65, 1301)
    cut, whole, seamed = (
        loaded.deblur(image, Context(tiling=tiling)) for tiling in (Tiling(1296, 520), None, Tiling(704, 0))
    )
    assert (str(cut.bands), whole.bands) == ("1296, overlap 520", None)
    assert difference(cut.image, whole.image) < 1e-4
    assert difference(seamed.image, whole.image) > 1e-3, "without an overlap the seam would show"


def test_an_image_that_does_not_fit_is_cut_without_being_asked(network: IFAN) -> None:
    context = Context(memory=16_000_000)
    large, small = (method(network, overlap=8).deblur(sample(*size), context) for size in ((120, 130), (64, 64)))
    assert large.image.shape == (3, 120, 130)
    assert large.bands is not None
    assert small.image.shape == (3, 64, 64)
    assert small.bands is None
    with pytest.raises(InputError, match="does not fit"):
        method(network).deblur(sample(120, 130), context)


def test_running_out_of_memory_leads_to_smaller_tiles(network: IFAN, monkeypatch: pytest.MonkeyPatch) -> None:
    compute: Callable[[IFANMethod, list[Tensor]], Tensor] = IFANMethod.compute

    def full(self: IFANMethod, images: list[Tensor]) -> Tensor:
        if images[0].shape[-1] > 96:
            raise torch.OutOfMemoryError("full")
        return compute(self, images)

    monkeypatch.setattr(IFANMethod, "compute", full)
    tried = method(network, overlap=8).deblur(sample(96, 200), Context())
    assert tried.image.shape == (3, 96, 200)
    assert tried.bands is not None
    assert tried.bands.side <= 96


def test_running_out_of_memory_with_the_tiles_that_were_asked_for_is_an_error(
    network: IFAN, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: IFANMethod, images: list[Tensor]) -> Tensor:
        raise torch.OutOfMemoryError("full")

    monkeypatch.setattr(IFANMethod, "compute", full)
    with pytest.raises(torch.OutOfMemoryError):
        method(network).deblur(sample(96, 96), Context(tiling=Tiling(80, 8)))


def run_with(tiling: Tiling | None, tmp_path: Path) -> Run:
    random = torch.Generator().manual_seed(0)
    for folder in ("source", "target"):
        pixels = torch.randint(0, 256, (72, 120, 3), generator=random, dtype=torch.uint8).numpy()
        write_pixels(tmp_path / "pairs" / folder / "000.png", pixels)
    task = prepare(PairedFolder(tmp_path / "pairs"), registry.protocol("ifan-cvpr21"), ("psnr",))
    folder, _ = runner.run(task, CARDS["ifan"], tmp_path / "results", weights="synthetic", tiling=tiling)
    return folder


def test_a_run_in_tiles_is_another_run_and_is_not_ranked(tmp_path: Path) -> None:
    whole, cut = run_with(None, tmp_path), run_with(Tiling(88, 8), tmp_path)
    assert whole.path != cut.path
    assert cut.records()["000"].tiling == "88, overlap 8"
    rows = {row.ranked: row for row in build(tmp_path / "results", "folder", "ifan-cvpr21").rows if row.n}
    assert set(rows) == {True, False}
    assert "computed in tiles (88, overlap 8)" in " ".join(rows[False].remarks)


def test_an_image_that_a_run_had_to_cut_keeps_the_run_out_of_the_ranks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(IFANMethod, "needed_tiling", lambda self, height, width, memory: Tiling(88, 8))
    folder = run_with(None, tmp_path)
    assert folder.settings.tiling is None
    assert folder.records()["000"].tiling == "88, overlap 8"
    assert not any(row.ranked for row in build(tmp_path / "results", "folder", "ifan-cvpr21").rows)


def test_a_method_that_cannot_tile_says_so(tmp_path: Path) -> None:
    from baselines.identity import Input

    run_with(None, tmp_path)
    task = prepare(PairedFolder(tmp_path / "pairs"), registry.protocol("ifan-cvpr21"), ("psnr",))
    with pytest.raises(InputError, match="cannot compute images in tiles"):
        runner.run(task, Input, tmp_path / "results", tiling=Tiling(88, 8))
