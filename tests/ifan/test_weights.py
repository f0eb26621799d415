"""Weights: released checkpoints and our safetensors load, anything else is refused in one sentence without running."""

import os
import pickle
from pathlib import Path

import pytest
import torch
from golden import CENTRE, weights_for

from benchmark.weight_files import read_card
from ifan.network import IFAN, NetworkShape
from ifan.variants import VARIANTS
from ifan.weights import load_network, read_weights, save_weights
from realdof.common.errors import InputError

PREFIX = "module.Network."


@pytest.fixture(scope="module")
def released() -> IFAN:
    network = IFAN(NetworkShape(8, shared_taps=True))
    network.load_state_dict(weights_for(network))
    return network.eval().requires_grad_(False)


@pytest.fixture
def checkpoint(released: IFAN, tmp_path: Path) -> Path:
    """A file in the layout of the authors' checkpoints, the reblurring network's parameters in it."""
    state = {PREFIX + name: value for name, value in released.state_dict().items()}
    state["module.reblurNet.RBF.0.0.weight"] = torch.zeros(1)
    path = tmp_path / "IFAN_8.pytorch"
    torch.save(state, path)
    return path


def test_released_checkpoint_loads_and_runs_with_shared_taps(released: IFAN, checkpoint: Path) -> None:
    weights = read_weights(checkpoint)
    assert weights.shape == NetworkShape(8, shared_taps=True)
    network = load_network(VARIANTS["ifan-n8"], weights)
    assert torch.equal(network(CENTRE), released(CENTRE))


def test_safetensors_round_trip_keeps_network_form_label_and_card(released: IFAN, tmp_path: Path) -> None:
    path = tmp_path / "ours.safetensors"
    save_weights(path, released, VARIANTS["ifan-n8"], "a label", {"steps": 3})
    weights = read_weights(path)
    assert (weights.shape, weights.label, read_card(path)) == (released.shape, "a label", {"steps": 3})
    assert torch.equal(load_network(VARIANTS["ifan-n8"], weights)(CENTRE), released(CENTRE))


def test_weights_of_another_variant_name_the_right_one(checkpoint: Path) -> None:
    with pytest.raises(InputError, match="ifan-n8's, N = 8"):
        load_network(VARIANTS["ifan"], read_weights(checkpoint))


def test_a_pickle_that_runs_code_is_refused_without_running(tmp_path: Path) -> None:
    trap = tmp_path / "trap"

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(trap),)

    path = tmp_path / "evil.pytorch"
    torch.save({"conv1_1.0.weight": Evil()}, path)
    with pytest.raises(InputError, match="plain tensors"):
        read_weights(path)
    path.write_bytes(pickle.dumps(Evil()))
    with pytest.raises(InputError, match="plain tensors"):
        read_weights(path)
    assert not trap.exists()


@pytest.mark.parametrize("name", ["x.pytorch", "x.safetensors"])
def test_truncated_file_is_refused(released: IFAN, checkpoint: Path, tmp_path: Path, name: str) -> None:
    whole = checkpoint
    if name.endswith("safetensors"):
        whole = tmp_path / "whole.safetensors"
        save_weights(whole, released, VARIANTS["ifan-n8"], "", {})
    cut = tmp_path / name
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(InputError, match=name):
        read_weights(cut)


def test_another_networks_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "resnet.pth"
    torch.save({"layer1.weight": torch.zeros(3)}, path)
    with pytest.raises(InputError, match="does not hold an IFAN"):
        read_weights(path)


def test_incomplete_weights_are_refused(released: IFAN, tmp_path: Path) -> None:
    state = released.state_dict()
    del state["out_res.0.bias"]
    path = tmp_path / "part.pytorch"
    torch.save(state, path)
    with pytest.raises(InputError, match=r"out_res\.0\.bias"):
        load_network(VARIANTS["ifan-n8"], read_weights(path))


def test_official_weights_that_are_absent_are_never_replaced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IFAN_BENCH_CACHE", str(tmp_path))
    with pytest.raises(InputError, match="--weights"):
        VARIANTS["ifan"].sets.find("official")


def test_official_weights_are_found_in_the_cache(
    monkeypatch: pytest.MonkeyPatch, checkpoint: Path, tmp_path: Path
) -> None:
    monkeypatch.setenv("IFAN_BENCH_CACHE", str(tmp_path))
    place = tmp_path / "weights" / "official" / "IFAN_8.pytorch"
    place.parent.mkdir(parents=True)
    checkpoint.rename(place)
    assert VARIANTS["ifan-n8"].sets.find("official") == place


@pytest.mark.parametrize("name", ["ifan", "ifan-dual"])
def test_packaged_weights_are_labelled_synthetic_and_say_how_they_came_about(name: str) -> None:
    path = VARIANTS[name].sets.find("synthetic")
    assert path.stat().st_size <= 25e6
    weights, card = read_weights(path), read_card(path)
    assert weights.label.startswith("synthetic")
    assert not weights.shape.shared_taps, "ours follow Equation 1"
    assert card["steps_in_all"] >= 6000
    assert card["photographs"]
    assert card["validation"]["psnr"] > card["validation"]["psnr_input"]
