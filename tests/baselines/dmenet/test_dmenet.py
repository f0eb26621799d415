"""DMENet: its cost, its weights as the authors released them, and map, sigma and deconvolution as a method."""

import os
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tensorlayer_files import Arrays, random_arrays, released_map, write_named

from baselines.deconvolution import hyper_laplacian
from baselines.deconvolution.engine import deconvolve_fast
from baselines.dmenet.cards import CARDS
from baselines.dmenet.method import DMENetMethod
from baselines.dmenet.network import DMENet, map_from_sigma, sigma_from_map
from baselines.dmenet.shape import DMENetShape
from baselines.dmenet.weights import load_network
from baselines.map_based.method import eight_bit
from benchmark import registry
from benchmark.complexity import count
from benchmark.method import Context, Sample
from benchmark.weight_files import read_card, save_network
from realdof.common.errors import InputError

SMALL = CARDS["dmenet-w16"]


@pytest.fixture(scope="module")
def arrays() -> Arrays:
    return random_arrays(SMALL.shape.width)


def test_parameters_and_macs_are_those_of_the_network_with_its_auxiliary_maps() -> None:
    architecture = registry.method("dmenet").architecture()
    assert architecture is not None
    cost = count(architecture)
    shifts = sum(value.numel() for name, value in architecture.network.named_parameters() if name.endswith("shift"))
    assert cost.parameters - shifts == 26_936_454
    assert round(cost.parameters / 1e6, 2) == 26.94
    assert cost.convolution / 1e9 == pytest.approx(1166.796, abs=0.001)
    assert cost.bias / 1e9 == pytest.approx(1.782, abs=0.001)
    sums = 7 * 64 * cost.height * cost.width
    # The paper's figure comes out with the seven sums of the refinement, which ptflops did not count.
    assert (cost.paper + sums) / 1e9 == pytest.approx(1172.5, abs=0.001)


def test_the_authors_file_gives_what_tensorlayer_computes(tmp_path: Path, arrays: Arrays) -> None:
    network, label = load_network(SMALL, write_named(tmp_path / "released.npz", arrays))
    assert label == "released TensorLayer weights"
    image = np.random.default_rng(1).random((48, 32, 3))
    expected = released_map(arrays, image)
    result = network(torch.from_numpy(image).float().permute(2, 0, 1)[None])[0][0, 0].double().numpy()
    assert expected.std() > 0.02, "a map that does not depend on the image would prove nothing"
    np.testing.assert_allclose(result, expected, atol=2e-5)


def test_auxiliary_maps_halve_in_size_and_change_nothing_of_the_map() -> None:
    torch.manual_seed(0)
    whole = DMENet(DMENetShape(8))
    whole.initialise()
    plain = DMENet(DMENetShape(8, auxiliary=False))
    plain.load_state_dict({k: v for k, v in whole.state_dict().items() if not k.startswith("auxiliary")})
    image = torch.rand(1, 3, 32, 48)
    maps = whole.eval()(image)
    assert [tuple(one.shape[2:]) for one in maps] == [(32, 48), (2, 3), (4, 6), (8, 12), (16, 24), (32, 48)]
    assert torch.equal(plain.eval()(image)[0], maps[0])


def test_sigma_is_zero_up_to_a_fifteenth_and_seven_pixels_at_one() -> None:
    torch.testing.assert_close(
        sigma_from_map(torch.tensor([0.0, 1 / 15, 0.2, 1.0])), torch.tensor([0.0, 0.0, 1.0, 7.0]), atol=1e-6, rtol=0
    )
    sigma = torch.linspace(0, 7, 20)
    torch.testing.assert_close(sigma_from_map(map_from_sigma(sigma)), sigma, atol=1e-5, rtol=0)


def test_the_method_deconvolves_by_the_eight_bit_map_with_the_authors_lambda(tmp_path: Path, arrays: Arrays) -> None:
    method = SMALL.load(str(write_named(tmp_path / "w.npz", arrays)))
    assert isinstance(method, DMENetMethod)
    image = torch.rand(3, 96, 112, generator=torch.Generator().manual_seed(0))
    assert method.network is not None
    sigma = sigma_from_map(eight_bit(method.network(image[None])[0][0, 0]))
    assert sigma.max() > sigma.min()
    for dataset, data_weight in (("cuhk", 420.0), ("dpdd", 16.8), ("realdof", 4.2), ("sample", 16.8)):
        made = method.deblur(Sample("a", image), Context(family=dataset))
        solver = partial(hyper_laplacian.deconvolve, data_weight=data_weight, alpha=1.5)
        torch.testing.assert_close(made.image, deconvolve_fast(image, sigma, solver))
    assert set(made.stages) == {"map", "deconvolution"}
    assert min(made.stages.values()) > 0


def test_an_image_that_is_no_multiple_of_sixteen_is_cut_for_the_map_and_kept_whole(
    tmp_path: Path, arrays: Arrays
) -> None:
    method = SMALL.load(str(write_named(tmp_path / "w.npz", arrays)))
    assert isinstance(method, DMENetMethod)
    image = torch.rand(3, 70, 79)
    sigma = method.sigma_map(image)
    assert sigma.shape == (70, 79)
    torch.testing.assert_close(sigma[:64, :64], method.sigma_map(image[:, :64, :64]))
    assert torch.equal(sigma[:, 64:], sigma[:, 63:64].expand(-1, 15))
    assert torch.equal(sigma[64:], sigma[63:64].expand(6, -1))


def test_our_own_weights_keep_label_and_card(tmp_path: Path, arrays: Arrays) -> None:
    network, _ = load_network(SMALL, write_named(tmp_path / "w.npz", arrays))
    path = tmp_path / "ours.safetensors"
    save_network(path, network, SMALL.name, "a label", {"steps": 3})
    again, label = load_network(SMALL, path)
    image = torch.rand(1, 3, 32, 32)
    assert (label, read_card(path)) == ("a label", {"steps": 3})
    assert torch.equal(again(image)[0], network(image)[0])


class Evil:
    """Makes a folder when unpickled."""

    def __init__(self, trap: Path) -> None:
        self.trap = trap

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.trap),)


@pytest.mark.parametrize("name", ["params", "main_net/defocus_net/encoder/conv1_1/W_conv2d:0"])
def test_a_pickle_that_runs_code_is_refused_without_running(tmp_path: Path, arrays: Arrays, name: str) -> None:
    trap = tmp_path / "trap"
    objects = np.empty(2, dtype=object)
    objects[:] = [next(iter(arrays.values())), Evil(trap)]
    path = tmp_path / "evil.npz"
    np.savez(path, **{name: objects})
    with pytest.raises(InputError, match="nothing in it was run"):
        load_network(SMALL, path)
    assert not trap.exists()
    assert np.load(path, allow_pickle=True)[name].shape == (2,)
    assert trap.exists(), "the file was harmless, and the test proved nothing"


def test_other_networks_and_damaged_files_are_refused(tmp_path: Path, arrays: Arrays) -> None:
    part = {name: array for name, array in arrays.items() if not name.startswith("decoder/uf")}
    narrow = random_arrays(8)
    whole = write_named(tmp_path / "whole.npz", arrays)
    (tmp_path / "cut.npz").write_bytes(whole.read_bytes()[:10_000])
    (tmp_path / "w.pth").write_bytes(b"")
    np.savez(tmp_path / "words.npz", a=np.array(["text"]))
    with zipfile.ZipFile(tmp_path / "zip.npz", "w") as archive:
        archive.writestr("params.npy", b"nothing")
    for path, reason in (
        (write_named(tmp_path / "part.npz", part), r"no decoder/uf/c1/W_conv2d \(12 arrays"),
        (write_named(tmp_path / "narrow.npz", narrow), "first level has 8 channels, not 16"),
        (tmp_path / "cut.npz", "cannot be read"),
        (tmp_path / "w.pth", r"ends in \.pth"),
        (tmp_path / "words.npz", "floating-point"),
        (tmp_path / "zip.npz", "cannot be read"),
    ):
        with pytest.raises(InputError, match=reason):
            load_network(SMALL, path)
    with pytest.raises(InputError, match="use --method dmenet-w16"):
        load_network(CARDS["dmenet"], whole)


def test_absent_weights_are_one_sentence_and_never_replaced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IFAN_BENCH_CACHE", str(tmp_path))
    with pytest.raises(InputError, match=r"DMENet_BDCS\.npz .* --weights FILE"):
        registry.method("dmenet").load("official")
