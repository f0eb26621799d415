"""A method with weights is one card and one class: here of another package, with nothing else."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from benchmark.complexity import count
from benchmark.method import Architecture, Context, Deblurred, Sample
from benchmark.network_card import NetworkCard
from benchmark.network_method import Inputs, NetworkMethod, empty, extend, views_of
from benchmark.weight_files import assign, read_safetensors, save_network
from benchmark.weight_sets import WeightSets
from realdof.common.errors import InputError

METHOD = sys.modules[__name__]


class Sharpen(NetworkMethod):
    """A network of one convolution."""

    @classmethod
    def read(cls, card: NetworkCard, path: Path) -> tuple[nn.Module, str]:
        """One convolution."""
        state, words = read_safetensors(path)
        network = empty(cls.make, card.shape)
        assign(network, state, path, card.name)
        return network.eval().requires_grad_(False), words["label"]

    @classmethod
    def count(cls, card: NetworkCard) -> Architecture:
        """One convolution."""
        return Architecture(empty(cls.make, card.shape), Inputs((3,)))

    @staticmethod
    def make(size: int) -> nn.Module:
        """One convolution."""
        return nn.Conv2d(3, 3, size, padding=size // 2, bias=False)

    @torch.inference_mode()
    def deblur(self, sample: Sample, context: Context) -> Deblurred:
        """One convolution."""
        height, width = sample.image.shape[-2:]
        result: Tensor = self.network(extend(sample.image, 4))
        return Deblurred(result[0, :, :height, :width])


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NetworkCard:
    """The card, whose weights are in the folder."""
    monkeypatch.setitem(sys.modules, "their_package", METHOD)
    torch.manual_seed(0)
    path = tmp_path / "sharpen.safetensors"
    save_network(path, Sharpen.make(3), "sharpen", "theirs", {})
    sets = WeightSets("sharpen", "sharpen.pth", "from their page", path)
    return NetworkCard("sharpen", "Sharpen", "one convolution", "their_package:Sharpen", 3, sets, paper="none")


def test_the_card_loads_counts_and_runs(card: NetworkCard, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IFAN_BENCH_CACHE", str(tmp_path))
    method = card.load("synthetic")
    assert method.weights is not None
    assert (method.weights.name, method.weights.label, method.card) == ("synthetic", "theirs", card.card)
    image = torch.rand(3, 66, 70)
    found = method.deblur(Sample("a", image), Context()).image
    assert found.shape == image.shape
    whole = nn.functional.pad(image[None], (0, 2, 0, 2), mode="replicate")
    torch.testing.assert_close(found, method.network(whole)[0, :, :66, :70])
    architecture = card.architecture()
    assert architecture is not None
    assert count(architecture, 64, 64).parameters == 81
    assert set(card.card.weights) == {"official", "synthetic"}
    with pytest.raises(InputError, match=r"put sharpen\.pth from their page there, or name a file .* or use ours"):
        card.load()


def test_a_card_without_sets_needs_a_file(card: NetworkCard, tmp_path: Path) -> None:
    bare = NetworkCard("bare", "Bare", "one convolution", "their_package:Sharpen", 3)
    assert bare.card.weights == {}
    assert bare.card.published is None
    with pytest.raises(InputError, match="bare needs --weights FILE"):
        bare.load()
    with pytest.raises(InputError, match=r"no weights at .*none\.pth"):
        bare.load(str(tmp_path / "none.pth"))
    assert bare.load(str(tmp_path / "sharpen.safetensors")).weights.label == "theirs"


@pytest.mark.parametrize("method", ["ifan-n44", "dpdnet-d", "dmenet", "restormer", "spandrel"])
def test_every_card_is_read_without_torch(method: str) -> None:
    code = f"""
import sys
from importlib.metadata import entry_points
(point,) = entry_points(group="ifan_bench.methods", name={method!r})
card = point.load()
print(card.name, card.sets and card.sets.at_hand, "torch" in sys.modules)
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split()[0] == method
    assert told.stdout.split()[-1] == "False"


def test_a_sample_without_views_is_told_with_what_would_be_right() -> None:
    image = torch.rand(3, 64, 64)
    assert views_of(Sample("a", image, image, image + 1), "theirs")[1] is not None
    samples: list[dict[str, Any]] = [{}, {"left": image}, {"right": image}]
    for views in samples:
        with pytest.raises(InputError, match="theirs needs the left and the right dual-pixel view, and a has none"):
            views_of(Sample("a", image, **views), "theirs")


def test_an_image_is_extended_only_where_it_must_be() -> None:
    assert extend(torch.rand(3, 64, 80), 16).shape == (1, 3, 64, 80)
    assert extend(torch.rand(3, 65, 79), 16).shape == (1, 3, 80, 80)
    assert [tuple(one.shape) for one in Inputs((3, 6), lambda h, w: (h + 1, w + 2))(10, 20)] == [
        (1, 3, 11, 22), (1, 6, 11, 22)
    ]  # fmt: skip
