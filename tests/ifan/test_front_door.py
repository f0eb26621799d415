"""What a notebook does with the package: deblur an array, load a network by name, find the public names."""

import doctest
import importlib
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

import ifan
from benchmark.method import Context, Sample
from ifan.cards import CARDS
from realdof.common.errors import InputError

IMAGE = np.random.default_rng(0).integers(0, 256, (70, 90, 3), dtype=np.uint8)


def test_the_public_names_are_listed_and_imported_when_asked_for() -> None:
    assert dir(ifan) == sorted(ifan.__all__)
    assert all(getattr(ifan, name) is not None for name in ifan.__all__)
    with pytest.raises(AttributeError, match="ifan attribute nothing"):
        ifan.nothing  # noqa: B018


def test_the_package_and_the_names_of_its_variants_need_no_torch() -> None:
    code = "import sys, ifan; ifan.VARIANTS['ifan'].sets; ifan.NetworkShape(); dir(ifan); print('torch' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"


@pytest.mark.parametrize("module", ["ifan", "ifan.notebook"])
def test_the_examples_of_the_docs_run(module: str) -> None:
    found = doctest.testmod(importlib.import_module(module))
    assert found.attempted > 1
    assert found.failed == 0


def test_the_result_is_the_methods_in_the_kind_of_the_image() -> None:
    sharp = ifan.deblur(IMAGE, weights="synthetic", device="cpu")
    assert (sharp.dtype, sharp.shape) == (IMAGE.dtype, IMAGE.shape)
    tensor = torch.from_numpy(IMAGE).permute(2, 0, 1).float() / 255
    method = CARDS["ifan"].load("synthetic")
    wanted = method.deblur(Sample("a", tensor), Context()).image.clamp(0, 1)
    assert torch.equal(ifan.deblur(tensor, weights="synthetic", device="cpu"), wanted)
    assert np.array_equal(sharp, (wanted * 255).round().byte().permute(1, 2, 0).numpy())
    half = ifan.deblur(IMAGE.astype(np.uint16) * 257, weights="synthetic", device="cpu")
    assert half.dtype == np.uint16
    assert np.abs(half.astype(int) - np.rint(wanted.permute(1, 2, 0).numpy() * 65535)).max() <= 1


def test_dual_pixel_views_are_given_by_name(tmp_path: Path) -> None:
    image = IMAGE.astype(np.float32) / 255
    chosen = {"weights": "synthetic", "variant": "ifan-dual", "device": "cpu"}
    sharp = ifan.deblur(image, **chosen, left=IMAGE, right=IMAGE[:, ::-1])
    other = ifan.deblur(image, **chosen, left=IMAGE, right=IMAGE)
    assert not np.array_equal(sharp, other)
    for wrong, words in (
        ({"variant": "ifan-dual", "left": IMAGE}, "ifan-dual needs both dual-pixel views"),
        ({"left": IMAGE}, "ifan sees the image alone"),
        ({"variant": "ifan-dual", "left": IMAGE, "right": IMAGE[:40]}, "the right view is 90x40 and the image 90x70"),
        ({"variant": "ifan-dual", "left": IMAGE, "right": "right.png"}, "the right view is a str"),
        ({"variant": "ifan-9"}, "no variant named ifan-9"),
        ({"device": "abacus"}, "device abacus cannot be used here"),
    ):
        with pytest.raises(InputError, match=words):
            ifan.deblur(IMAGE, weights="synthetic", **wrong)  # type: ignore[call-overload]


def test_weights_that_stand_in_are_told_and_official_ones_are_taken_if_they_are_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("IFAN_BENCH_CACHE", str(tmp_path))
    with pytest.warns(UserWarning, match="the authors' weights of ifan are not in the cache; these are ours"):
        ours = ifan.deblur(IMAGE, device="cpu")
    assert np.array_equal(ours, ifan.deblur(IMAGE, weights="synthetic", device="cpu"))
    network = ifan.IFAN(ifan.VARIANTS["ifan"].shape)
    place = tmp_path / "weights" / "official" / "IFAN.pytorch"
    place.parent.mkdir(parents=True)
    torch.save({f"Network.{name}": value for name, value in network.state_dict().items()}, place)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        theirs = ifan.deblur(IMAGE, device="cpu")
    assert not np.array_equal(theirs, ours)


def test_a_network_is_loaded_by_the_name_of_its_weights_without_asking_a_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    network = ifan.IFAN.from_pretrained("synthetic")
    assert network.shape.filters == 17
    assert "synthetic" in network.label
    assert ifan.IFAN.from_pretrained("synthetic", variant="ifan-dual").shape.dual
    with pytest.raises(InputError, match="there are no synthetic weights for ifan-n8"):
        ifan.IFAN.from_pretrained("synthetic", variant="ifan-n8")
