"""`synthetic` weights of DPDNet and DMENet: a network a quarter as wide, and never without saying so."""

import json
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from baselines import network_factory
from baselines.dmenet import variants as dmenet_variants
from baselines.dmenet.network import DMENet, DMENetShape
from baselines.dpdnet import variants as dpdnet_variants
from baselines.dpdnet.network import DPDNet
from benchmark import registry
from benchmark.commands.app import app
from benchmark.complexity import count
from benchmark.method import Context, Sample
from benchmark.weight_files import read_card, read_safetensors, write_safetensors
from realdof.common.errors import InputError

LABEL = "synthetic: drawn at random"
NETWORKS = {"dpdnet-s": "DPDNet", "dpdnet-d": "DPDNet", "dmenet": "DMENet"}


def network_of(name: str) -> torch.nn.Module:
    """The network of a narrow variant with weights drawn at random."""
    torch.manual_seed(0)
    narrow = f"{name}-w16"
    if name == "dmenet":
        network: DMENet | DPDNet = DMENet(DMENetShape(dmenet_variants.VARIANTS[narrow].width))
    else:
        network = DPDNet(dpdnet_variants.VARIANTS[narrow].shape)
    network.initialise()
    return network


@pytest.fixture
def packaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of packaged weights, which holds a narrow network for each method."""
    monkeypatch.setattr(network_factory, "PACKAGED", tmp_path)
    for name in NETWORKS:
        words = {"variant": f"{name}-w16", "label": LABEL}
        write_safetensors(tmp_path / f"{name}-w16-synthetic.safetensors", network_of(name), words, {}, torch.float16)
    return tmp_path


@pytest.mark.parametrize("name", NETWORKS)
def test_synthetic_runs_the_narrow_network_and_says_so(packaged: Path, name: str) -> None:
    factory = registry.method(name)
    assert "a quarter as wide: not" in factory.card.weights["synthetic"]
    method, narrow = factory.load("synthetic"), registry.method(f"{name}-w16").load("synthetic")
    assert method.weights is not None
    said = f"synthetic, a quarter as wide: not {NETWORKS[name]}"
    assert method.weights.label == f"{said}; drawn at random"
    assert said in method.card.summary
    assert method.card.name == name
    image, left, right = torch.rand(3, 3, 64, 80)
    sample = Sample("one", image, left, right)
    assert torch.equal(method.deblur(sample, Context()).image, narrow.deblur(sample, Context()).image)


@pytest.mark.parametrize("name", NETWORKS)
def test_parameters_and_macs_are_those_of_the_network_that_runs(packaged: Path, name: str) -> None:
    factory, narrow = registry.method(name), registry.method(f"{name}-w16")
    counted = factory.load("synthetic").counted
    assert counted is not None
    wide, thin = factory.architecture(), narrow.architecture()
    assert wide is not None
    assert thin is not None
    assert count(counted, 64, 64) == count(thin, 64, 64)
    assert count(counted, 64, 64).parameters < count(wide, 64, 64).parameters / 10


def test_a_run_records_what_ran(packaged: Path, tmp_path: Path) -> None:
    words = ["run", "--method", "dpdnet-s", "--dataset", "sample", "--metrics", "psnr", "--limit", "1"]
    done = CliRunner().invoke(app, [*words, "--results", str(tmp_path / "results")])
    assert done.exit_code == 0, done.output
    (path,) = (tmp_path / "results").glob("sample/dpdnet-s/*/run.json")
    run = json.loads(path.read_text())
    said = "synthetic, a quarter as wide: not DPDNet"
    assert run["weights"]["name"] == "synthetic"
    assert run["weights"]["label"].startswith(said)
    assert said in run["method"]["summary"]
    assert run["complexity"]["parameters"] == sum(one.numel() for one in network_of("dpdnet-s").parameters())
    table = CliRunner().invoke(app, ["leaderboard", "--results", str(tmp_path / "results")])
    assert "a quarter as wide: not DPDNet" in " ".join(table.output.split())


@pytest.mark.parametrize("written", [{"variant": "dpdnet-d-w16"}, {}], ids=["another", "none"])
def test_a_file_of_another_network_by_its_header_is_refused(packaged: Path, written: dict[str, str]) -> None:
    path = packaged / "dpdnet-s-w16-synthetic.safetensors"
    write_safetensors(path, network_of("dpdnet-s"), {**written, "label": LABEL}, {}, torch.float16)
    with pytest.raises(InputError, match="by its header, not dpdnet-s-w16"):
        registry.method("dpdnet-s").load("synthetic")


def test_a_narrow_file_given_by_its_path_is_refused_under_the_wide_name(packaged: Path) -> None:
    with pytest.raises(InputError, match="use --method dpdnet-s-w16"):
        registry.method("dpdnet-s").load(str(packaged / "dpdnet-s-w16-synthetic.safetensors"))


def test_methods_without_packaged_weights_do_not_offer_any(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_factory, "PACKAGED", tmp_path)
    assert "synthetic" not in registry.method("dpdnet-s").card.weights
    with pytest.raises(InputError, match="no synthetic weights for dpdnet-s"):
        registry.method("dpdnet-s").load("synthetic")


def test_what_half_precision_cannot_hold_is_stored_as_it_is(tmp_path: Path) -> None:
    network = network_of("dmenet")
    variance = next(value for name, value in network.state_dict().items() if name.endswith("running_var"))
    variance.fill_(1e6)
    path = tmp_path / "half.safetensors"
    write_safetensors(path, network, {}, {}, torch.float16)
    state, _ = read_safetensors(path)
    types = {name: value.dtype for name, value in state.items()}
    assert sum(kind == torch.float32 for kind in types.values()) == 1
    assert all(torch.isfinite(value).all() for value in state.values())


@pytest.mark.parametrize("name", NETWORKS)
def test_the_packaged_weights_give_an_image_and_name_their_photographs(name: str) -> None:
    method = registry.method(name).load("synthetic")
    sample = Sample("one", *torch.rand(3, 3, 64, 80, generator=torch.Generator().manual_seed(0)))
    assert torch.isfinite(method.deblur(sample, Context()).image).all()
    path = network_factory.PACKAGED / f"{name}-w16-synthetic.safetensors"
    assert path.stat().st_size < 4_500_000
    card = read_card(path)
    assert card["stored_as"] == "float16"
    licences = [one["licence"] for one in [*card["photographs"], *card["held_out_photographs"]]]
    assert {licence.rpartition("-")[0] for licence in licences} == {"CC-BY", "CC0"}
