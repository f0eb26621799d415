"""The narrow networks that come with the package run under their own names only, never as the paper's network."""

import json
import sys
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from baselines.dmenet import cards as dmenet_cards
from baselines.dpdnet import cards as dpdnet_cards
from baselines.dpdnet.network import DPDNet
from benchmark import registry
from benchmark.commands.app import app
from benchmark.commands.app import main as command_line
from benchmark.complexity import count
from benchmark.method import Context, Sample
from benchmark.weight_files import read_card, read_safetensors, save_network
from realdof.common.errors import InputError

CARDS = {**dpdnet_cards.CARDS, **dmenet_cards.CARDS}
NETWORKS = ("dpdnet-s", "dpdnet-d", "dmenet")


@pytest.mark.parametrize("name", NETWORKS)
def test_the_papers_network_has_no_synthetic_weights_and_the_sentence_names_the_narrow_one(name: str) -> None:
    card = registry.method(name).card
    assert "synthetic" not in card.weights
    with pytest.raises(
        InputError,
        match=rf"^there are no synthetic weights for {name}; name a file with --weights FILE, "
        rf"or use --method {name}-w16, a smaller network whose weights come with this package$",
    ):
        registry.method(name).load("synthetic")


def test_without_weights_the_command_says_so_and_runs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["run", "--method", "dpdnet-s", "--dataset", "sample", "--metrics", "psnr", "--limit", "1"]
    monkeypatch.setattr(sys, "argv", ["ifan-bench", *words, "--results", str(tmp_path / "results")])
    with pytest.raises(SystemExit) as left:
        command_line()
    assert left.value.code == 2
    told = capsys.readouterr().err
    assert "no weights were released for dpdnet-s" in told
    assert "use --method dpdnet-s-w16" in told
    assert not list((tmp_path / "results").rglob("run.json"))


def test_the_narrow_network_runs_under_its_own_name(tmp_path: Path) -> None:
    words = ["run", "--method", "dpdnet-s-w16", "--dataset", "sample", "--metrics", "psnr", "--limit", "1"]
    done = CliRunner().invoke(app, [*words, "--results", str(tmp_path / "results")])
    assert done.exit_code == 0, done.output
    (path,) = (tmp_path / "results").glob("sample/dpdnet-s-w16/*/run.json")
    assert json.loads(path.read_text())["method"]["title"] == "DPDNet_S, width 16"


@pytest.mark.parametrize("name", NETWORKS)
def test_parameters_are_those_of_the_network_that_runs(name: str) -> None:
    wide, narrow = (registry.method(one).architecture() for one in (name, f"{name}-w16"))
    assert wide is not None
    assert narrow is not None
    assert count(narrow, 64, 64).parameters < count(wide, 64, 64).parameters / 10
    method = registry.method(f"{name}-w16").load("synthetic")
    assert method.network is not None
    floats = [one for key, one in narrow.network.named_parameters() if not key.startswith("auxiliary")]
    assert sum(one.numel() for one in method.network.parameters()) == sum(one.numel() for one in floats)


def test_a_narrow_file_given_by_its_path_is_refused_under_the_wide_name() -> None:
    for name in NETWORKS:
        with pytest.raises(InputError, match=f"use --method {name}-w16"):
            registry.method(name).load(str(CARDS[f"{name}-w16"].sets.synthetic))


def test_what_half_precision_cannot_hold_is_stored_as_it_is(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = DPDNet(dpdnet_cards.dpdnet_s_w16.shape)
    network.initialise()
    largest = next(iter(network.parameters()))
    largest.data.fill_(1e6)
    path = tmp_path / "half.safetensors"
    save_network(path, network, "dpdnet-s-w16", "", {}, torch.float16)
    state, words = read_safetensors(path)
    assert words["variant"] == "dpdnet-s-w16"
    assert sum(value.dtype == torch.float32 for value in state.values()) == 1
    assert all(torch.isfinite(value).all() for value in state.values())


@pytest.mark.parametrize("name", NETWORKS)
def test_the_packaged_weights_give_an_image_and_name_their_photographs(name: str) -> None:
    method = registry.method(f"{name}-w16").load("synthetic")
    sample = Sample("one", *torch.rand(3, 3, 64, 80, generator=torch.Generator().manual_seed(0)))
    assert torch.isfinite(method.deblur(sample, Context()).image).all()
    path = CARDS[f"{name}-w16"].sets.synthetic
    assert path.stat().st_size < 4_500_000
    card = read_card(path)
    assert card["stored_as"] == "float16"
    licences = [one["licence"] for one in [*card["photographs"], *card["held_out_photographs"]]]
    assert {licence.rpartition("-")[0] for licence in licences} == {"CC-BY", "CC0"}
