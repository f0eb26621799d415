"""LPIPS: the package's own values, and the check of the weights that come with ours."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from literal import AlexNetDistance
from safetensors.torch import load_file, save_file
from torch import Tensor

from benchmark.metrics.lpips import network, trunk
from benchmark.metrics.lpips.metric import CHECK_VALUE, LPIPS, check_pair
from benchmark.metrics.lpips.network import PerceptualDistance, plain_network
from benchmark.metrics.lpips.trunk import CARD, load_trunk, trunk_sha256
from realdof.common.errors import InputError
from realdof.images.depth import image_from_pixels
from realdof.images.files import read_pixels

FOLDER = Path(__file__).parents[2] / "data" / "lpips"
PACKAGE = Path(trunk.__file__).parent


@pytest.fixture(scope="module")
def lpips() -> LPIPS:
    return LPIPS()


@pytest.fixture(scope="module")
def plain() -> PerceptualDistance:
    return plain_network()


def example(name: str) -> Tensor:
    return image_from_pixels(read_pixels(FOLDER / f"ex_{name}.png"))


@pytest.mark.parametrize(("name", "expected"), [("p0", 0.721881), ("p1", 0.137566)])
def test_the_example_images_of_the_lpips_package_have_its_values(name: str, expected: float, lpips: LPIPS) -> None:
    assert lpips(example(name), example("ref")) == pytest.approx(expected, abs=1e-5)


def test_identical_images_have_no_distance(lpips: LPIPS) -> None:
    assert lpips(example("ref"), example("ref")) == 0


def test_the_distance_is_the_same_both_ways(lpips: LPIPS) -> None:
    there, back = lpips(example("ref"), example("p0")), lpips(example("p0"), example("ref"))
    assert there == pytest.approx(back, abs=1e-6)


def test_a_value_that_is_no_number_is_not_hidden(lpips: LPIPS) -> None:
    output = example("ref")
    output[1, 32, 32] = torch.nan
    assert np.isnan(lpips(output, example("ref")))


def test_images_of_two_sizes_or_too_small_are_refused(lpips: LPIPS) -> None:
    with pytest.raises(ValueError, match=r"\(3, 64, 60\)"):
        lpips(example("ref")[..., :60], example("ref"))
    with pytest.raises(ValueError, match="at least 31 px"):
        lpips(torch.zeros(3, 30, 64), torch.zeros(3, 30, 64))
    assert lpips(torch.zeros(3, 31, 31), torch.zeros(3, 31, 31)) == 0


def test_loading_leaves_the_random_numbers_of_the_caller_alone(lpips: LPIPS) -> None:
    before = torch.get_rng_state()
    LPIPS()
    assert torch.equal(torch.get_rng_state(), before)


@settings(max_examples=25, deadline=None)
@given(st.integers(31, 230), st.integers(31, 120), st.integers(0, 9))
def test_it_is_the_distance_of_the_plain_network_for_every_size(
    lpips: LPIPS, plain: PerceptualDistance, height: int, width: int, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    first = torch.rand(3, height, width, generator=generator)
    second = (first + 0.1 * torch.randn(first.shape, generator=generator)).clamp(0, 1)
    with torch.inference_mode():
        expected = float(plain(first, second))
    assert lpips(first, second) == pytest.approx(expected, abs=1e-6)


def test_the_distance_does_not_depend_on_the_number_of_threads(lpips: LPIPS, plain: PerceptualDistance) -> None:
    generator = torch.Generator().manual_seed(0)
    first, second = torch.rand(2, 3, 330, 449, generator=generator)
    before = torch.get_num_threads()
    found = set()
    try:
        for threads in (1, 2, 3, 5):
            torch.set_num_threads(threads)
            found.add(lpips(first, second))
    finally:
        torch.set_num_threads(before)
    assert len(found) == 1
    with torch.inference_mode():
        assert found.pop() == pytest.approx(float(plain(first, second)), abs=1e-6)


@pytest.mark.slow
def test_neither_the_lpips_package_nor_torchvision_is_imported(lpips: LPIPS) -> None:
    program = (
        "import sys; from benchmark.metrics.lpips.metric import LPIPS; LPIPS();"
        "sys.exit(str({'lpips', 'torchvision'} & sys.modules.keys() or ''))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert result.stderr.strip() == ""


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package's weights that a test may damage; LPIPS loads it instead."""
    shutil.copy(PACKAGE / CARD.file, tmp_path)
    monkeypatch.setattr(trunk, "files", lambda package: tmp_path)
    return tmp_path / CARD.file


def test_the_package_brings_the_weights_of_torchvision_and_their_licence() -> None:
    assert trunk_sha256(load_trunk()) == CARD.sha256
    assert "Soumith Chintala" in (PACKAGE / CARD.licence_file).read_text()
    assert (PACKAGE / CARD.file).stat().st_size < 10e6


@pytest.mark.slow
def test_lpips_needs_neither_a_cache_nor_a_network(tmp_path: Path) -> None:
    program = (
        "import socket; socket.socket.connect = None; from benchmark.metrics.lpips.metric import LPIPS; import torch;"
        "print(LPIPS()(torch.zeros(3, 40, 40), torch.zeros(3, 40, 40)))"
    )
    variables = {"IFAN_BENCH_CACHE": str(tmp_path / "none"), "HOME": str(tmp_path), "TORCH_HOME": str(tmp_path)}
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=variables)
    assert result.stdout == "0.0\n"
    assert not list(tmp_path.iterdir())


def changed_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:1000])


def without_a_layer(path: Path) -> None:
    save_file({name: value for name, value in load_file(path).items() if name != "features.8.bias"}, path)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (changed_bit, "has SHA-256 .*, LPIPS's weights have 2b566cc3a4d6"),
        (cut, "cannot be read"),
        (Path.unlink, "cannot be read"),
        (without_a_layer, "another network"),
    ],
    ids=["a changed bit", "cut short", "missing", "a layer less"],
)
def test_damaged_weights_are_one_sentence_that_says_how_to_go_on(damage, message: str, copied: Path) -> None:
    load_trunk()
    damage(copied)
    with pytest.raises(InputError, match=message) as caught:
        load_trunk()
    assert "--metrics psnr,ssim,mae" in str(caught.value)
    assert str(copied) in str(caught.value)


def test_the_known_distance_of_the_self_check_is_that_of_the_packages_module_step_by_step() -> None:
    first, second = (image.permute(1, 2, 0).numpy() for image in check_pair())
    assert AlexNetDistance()(first, second) == pytest.approx(CHECK_VALUE, abs=1e-6)


def _nothing_loaded(network: PerceptualDistance) -> None:
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.05)


def _one_layer_not_loaded(network: PerceptualDistance) -> None:
    torch.nn.init.normal_(network.get_parameter("features.10.weight"), std=0.05)


def _linear_layers_not_loaded(network: PerceptualDistance) -> None:
    for parameter in network.weights:
        parameter.fill_(0.1)


def _not_a_number(network: PerceptualDistance) -> None:
    network.get_parameter("features.0.bias").fill_(torch.nan)


@pytest.mark.parametrize("mistake", [_nothing_loaded, _one_layer_not_loaded, _linear_layers_not_loaded, _not_a_number])
def test_weights_that_did_not_load_stop_lpips_at_the_start(
    mistake: Callable[[PerceptualDistance], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where names in a file do not fit and are skipped: every hash is right, and the network is not."""
    torch.manual_seed(0)
    broken = plain_network()
    mistake(broken)
    monkeypatch.setattr(network, "plain_network", lambda: broken)
    with pytest.raises(InputError, match=r"where 0.1135 is right: its weights did not load"):
        LPIPS()
