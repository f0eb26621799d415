"""IFAN as a method: images of any size, in bands with the same result where they do not fit."""

import copy
from pathlib import Path

import pytest
import torch
from golden import weights_for
from torch import Tensor

from benchmark import registry
from benchmark.datasets.folder import PairedFolder
from benchmark.leaderboards.build import build
from benchmark.method import Context, MethodCard, Sample, WeightsUsed
from benchmark.running import runner
from benchmark.running.requirements import default_weights
from benchmark.running.task import Task, prepare
from benchmark.tiling import Tiling
from ifan import inference
from ifan.cards import CARDS
from ifan.method import IFANMethod, fastest_order
from ifan.network import IFAN, NetworkShape
from realdof.common.errors import InputError
from realdof.images.files import write_pixels

CARD = MethodCard("ifan-n8", "IFAN", "single", "with made-up weights")


@pytest.fixture(scope="module")
def network() -> IFAN:
    network = IFAN(NetworkShape(8))
    network.load_state_dict(weights_for(network))
    return network.eval().requires_grad_(False)


def method(network: IFAN) -> IFANMethod:
    return IFANMethod(CARD, network, WeightsUsed("made-up", "0" * 64, "made up"))


def sample(height: int, width: int) -> Sample:
    return Sample("x", torch.rand(3, height, width, generator=torch.Generator().manual_seed(0)))


def difference(one: Tensor, other: Tensor) -> float:
    """Largest difference, of the largest value."""
    return float((one - other).abs().max() / other.abs().max())


def test_an_image_that_does_not_fit_is_computed_in_bands_with_the_same_result(network: IFAN) -> None:
    image = sample(161, 75)
    whole, banded = (method(network).deblur(image, Context(memory=memory)) for memory in (None, 12_000_000))
    assert not method(network).fits(161, 75, 12_000_000)
    assert whole.bands is banded.bands is None
    assert difference(banded.image, whole.image) < 2e-6


def test_an_image_that_fits_in_no_way_is_refused_with_what_it_takes(network: IFAN) -> None:
    with pytest.raises(
        InputError, match=r"image of 136x120 px takes [1-9]\d* MB even in bands of 8 rows, and 1 MB may be used"
    ):
        method(network).deblur(sample(120, 130), Context(memory=1_000_000))


def test_running_out_of_memory_with_a_whole_image_leads_to_bands(
    network: IFAN, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = method(network).deblur(sample(96, 200), Context()).image

    def full(self: IFANMethod, images: list[Tensor]) -> Tensor:
        raise torch.OutOfMemoryError("full")

    monkeypatch.setattr(IFANMethod, "compute", full)
    tried = method(network).deblur(sample(96, 200), Context())
    assert difference(tried.image, expected) < 2e-6


@pytest.mark.parametrize(
    ("device", "dtype", "tf32", "order"),
    [
        ("cuda", torch.float32, False, torch.contiguous_format),
        ("cuda", torch.float32, True, torch.channels_last),
        ("cuda", torch.bfloat16, False, torch.channels_last),
        ("cuda", torch.float16, False, torch.channels_last),
        ("cpu", torch.float32, False, torch.channels_last),
    ],
)
def test_only_float32_without_tf32_on_cuda_is_computed_in_nchw_order(
    monkeypatch: pytest.MonkeyPatch, device: str, dtype: torch.dtype, tf32: bool, order: torch.memory_format
) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", tf32)
    assert fastest_order(torch.device(device), dtype) is order


def test_network_and_image_are_both_in_the_chosen_order_and_the_result_is_the_same(
    network: IFAN, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, expected = sample(161, 75), method(network).deblur(sample(161, 75), Context()).image
    monkeypatch.setattr("ifan.method.fastest_order", lambda device, dtype: torch.contiguous_format)
    given: list[Tensor] = []
    computed = inference.deblur
    monkeypatch.setattr(inference, "deblur", lambda net, batch: (given.append(batch), computed(net, batch))[1])
    other = method(copy.deepcopy(network))
    other.prepare(Context())
    made = other.deblur(image, Context()).image
    assert given[0].is_contiguous()
    assert all(parameter.is_contiguous() for parameter in other.network.parameters())
    assert difference(made, expected) < 2e-6
    banded = other.deblur(image, Context(memory=12_000_000)).image
    assert len(given) == 1, "the second image is computed in bands"
    assert difference(banded, expected) < 2e-6


def task_of(folder: Path) -> Task:
    random = torch.Generator().manual_seed(0)
    for part in ("source", "target"):
        pixels = torch.randint(0, 256, (72, 120, 3), generator=random, dtype=torch.uint8).numpy()
        write_pixels(folder / "pairs" / part / "000.png", pixels)
    return prepare(PairedFolder(folder / "pairs"), registry.protocol("ifan-cvpr21"), ("psnr",))


def test_a_run_with_an_image_in_bands_is_ranked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(IFANMethod, "fits", lambda self, height, width, memory: False)
    run, _ = runner.run(task_of(tmp_path), CARDS["ifan"], tmp_path / "results", weights="synthetic")
    assert run.records()["000"].status == "ok"
    assert run.records()["000"].tiling is None
    assert [row.ranked for row in build(tmp_path / "results", "folder", "ifan-cvpr21").rows if row.n] == [True]


@pytest.mark.parametrize("name", ["input", "ifan"])
def test_a_method_that_has_no_tiles_says_so(name: str, tmp_path: Path) -> None:
    factory = registry.method(name)
    weights = "synthetic" if name == "ifan" else None
    with pytest.raises(InputError, match="takes no tiles; leave out --tile"):
        runner.run(task_of(tmp_path), factory, tmp_path / "results", weights=weights, tiling=Tiling(88, 8))


def test_the_precision_is_part_of_a_runs_id_and_float32_keeps_its_own(tmp_path: Path) -> None:
    task = task_of(tmp_path)
    runs = {
        precision: runner.run(task, CARDS["ifan"], tmp_path / "results", weights="synthetic", precision=precision)[0]
        for precision in ("float32", "bfloat16", "float16")
    }
    assert len({run.id for run in runs.values()}) == 3
    assert {run.settings.dtype for run in runs.values()} == set(runs)
    plain = runs["float32"].settings
    assert plain.id == type(plain)(**{key: value for key, value in plain.model_dump().items() if key != "dtype"}).id
    scores = {name: run.records()["000"].scores["psnr"] for name, run in runs.items()}
    assert len(set(scores.values())) == 3, "another precision gives other figures, in the last digits"
    assert max(scores.values()) - min(scores.values()) < 0.01
    notes = build(tmp_path / "results", "folder", "ifan-cvpr21").rows
    assert [any("bfloat16" in remark for remark in row.remarks) for row in notes if row.n].count(True) == 1


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_bands_of_a_lower_precision_give_the_whole_images_result(network: IFAN, precision: str) -> None:
    image = sample(161, 75)
    contexts = [Context(precision=precision, memory=memory) for memory in (None, 12_000_000)]  # type: ignore[arg-type]
    one = method(copy.deepcopy(network))
    one.prepare(contexts[0])
    whole, banded = (one.deblur(image, context).image for context in contexts)
    assert difference(banded, whole) < 2e-2


def test_a_precision_that_a_method_does_not_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="input computes in float32; leave out --precision bfloat16"):
        runner.run(task_of(tmp_path), registry.method("input"), tmp_path / "results", precision="bfloat16")
    assert not (tmp_path / "results").exists()


def test_on_a_folder_the_weights_are_those_that_are_here_and_the_authors_come_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IFAN_BENCH_CACHE", str(tmp_path / "cache"))
    data = task_of(tmp_path).dataset.card
    assert default_weights(CARDS["ifan"], data) == "synthetic"
    assert default_weights(registry.method("input"), data) is None
    assert default_weights(CARDS["ifan"], registry.dataset("dpdd").card) == "official", (
        "a scored set substitutes nothing"
    )
    assert default_weights(CARDS["ifan-n44"], data) == "official", "ours are not shipped for it, so the error names it"
    official = CARDS["ifan"].sets.official_path
    official.parent.mkdir(parents=True)
    official.touch()
    assert default_weights(CARDS["ifan"], data) == "official"
