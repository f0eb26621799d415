"""DPDNet: its cost, its weights as the authors released them, and that anything else is refused in one sentence."""

from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from keras_files import keras_forward, random_layers, write_keras

from baselines.dpdnet import cards
from baselines.dpdnet.cards import CARDS
from baselines.dpdnet.network import DPDNet
from baselines.dpdnet.shape import DPDNetShape
from baselines.dpdnet.weights import load_network
from benchmark import registry
from benchmark.complexity import count
from benchmark.method import Context, Sample
from benchmark.network_method import empty
from benchmark.weight_files import read_card, save_network
from realdof.common.errors import InputError

COSTS = {
    "dpdnet-s": (31_033_423, 769.493, 770.84),
    "dpdnet-d": (31_035_151, 771.085, 772.44),
    "dpdnet-s-3x3": (35_252_687, 988.435, 989.87),
    "dpdnet-d-3x3": (35_254_415, 990.028, 991.47),
}
SINGLE, DUAL = CARDS["dpdnet-s-w16"], CARDS["dpdnet-d-w16"]


@pytest.mark.parametrize("name", COSTS)
def test_parameters_and_macs_are_those_of_the_network(name: str) -> None:
    architecture = registry.method(name).architecture()
    assert architecture is not None
    cost = count(architecture)
    parameters, convolution, total = COSTS[name]
    assert cost.parameters == parameters
    assert cost.convolution / 1e9 == pytest.approx(convolution, abs=0.001)
    assert cost.paper / 1e9 == pytest.approx(total, abs=0.01)


@pytest.mark.parametrize(("name", "macs"), [("dpdnet-s-3x3", 989.8), ("dpdnet-d-3x3", 991.4)])
def test_the_variant_as_counted_has_the_cost_printed_in_ifans_paper(name: str, macs: float) -> None:
    architecture = registry.method(name).architecture()
    assert architecture is not None
    cost = count(architecture)
    assert round(cost.parameters / 1e6, 2) == 35.25
    # The paper's figures are cut off, not rounded: 989.87 and 991.47.
    assert int(cost.paper / 1e8) / 10 == macs


@pytest.mark.parametrize(("variant", "channels"), [(SINGLE, 3), (DUAL, 6)], ids=["single", "dual"])
@pytest.mark.parametrize("group", ["model_weights", None], ids=["model.save", "save_weights"])
def test_the_authors_file_gives_what_keras_computes(tmp_path: Path, variant, channels: int, group: str | None) -> None:
    layers = random_layers(variant.shape)
    network, _ = load_network(variant, write_keras(tmp_path / "released.hdf5", layers, group))
    views = np.random.default_rng(1).random((channels // 3, 32, 48, 3))
    expected = keras_forward(layers, np.concatenate([view[..., ::-1] for view in views], axis=2))[..., ::-1]
    fed = torch.from_numpy(np.concatenate(list(views), axis=2)).float().permute(2, 0, 1)[None]
    result = network(fed)[0].permute(1, 2, 0).double().numpy()
    assert expected.std() > 0.02, "an output that does not depend on the input would prove nothing"
    np.testing.assert_allclose(result, expected, atol=2e-5)


def loaded(tmp_path: Path, variant=SINGLE):
    path = write_keras(tmp_path / "weights.hdf5", random_layers(variant.shape))
    return variant.load(str(path))


def test_an_image_of_any_size_is_extended_by_its_edge_and_cut_again(tmp_path: Path) -> None:
    method = loaded(tmp_path)
    image = torch.rand(3, 66, 79)
    result = method.deblur(Sample("odd", image), Context()).image
    assert result.shape == image.shape
    extended = torch.nn.functional.pad(image[None], (0, 1, 0, 14), mode="replicate")[0]
    torch.testing.assert_close(result, method.deblur(Sample("even", extended), Context()).image[:, :66, :79])
    assert float(result.min()) >= 0
    assert float(result.max()) <= 1


def test_the_dual_network_sees_the_left_view_first_and_needs_both(tmp_path: Path) -> None:
    method = loaded(tmp_path, DUAL)
    left, right = torch.rand(2, 3, 64, 64)
    result = method.deblur(Sample("a", torch.rand(3, 64, 64), left, right), Context()).image
    assert isinstance(method.network, DPDNet)
    torch.testing.assert_close(result, method.network(torch.cat([left, right])[None])[0])
    with pytest.raises(InputError, match="needs the left and the right"):
        method.deblur(Sample("b", left), Context())


def test_dropout_acts_in_training_only() -> None:
    torch.manual_seed(0)
    network = DPDNet(DPDNetShape(width=4))
    network.initialise()
    image = torch.rand(1, 3, 32, 32)
    assert torch.equal(network.eval()(image), network(image))
    assert not torch.equal(network.train()(image), network(image))


def test_initial_weights_are_he_normal_cut_at_two_deviations() -> None:
    torch.manual_seed(0)
    network = DPDNet(DPDNetShape(width=16))
    network.initialise()
    for module in list(network.convolutions().values())[4:-2]:
        spread = (2 / module.weight[0].numel()) ** 0.5
        assert float(module.weight.detach().std()) == pytest.approx(spread, rel=0.06)
        assert float(module.weight.detach().abs().max()) < 2.3 * spread
        assert not module.bias.any()


def test_our_own_weights_keep_label_and_card(tmp_path: Path) -> None:
    network, _ = load_network(SINGLE, write_keras(tmp_path / "k.hdf5", random_layers(SINGLE.shape)))
    path = tmp_path / "ours.safetensors"
    save_network(path, network, SINGLE.name, "a label", {"steps": 3}, torch.float16)
    again, label = load_network(SINGLE, path)
    image = torch.rand(1, 3, 32, 32)
    assert (label, read_card(path)) == ("a label", {"steps": 3})
    torch.testing.assert_close(again(image), network(image), atol=5e-3, rtol=0)


@pytest.mark.parametrize("suffix", [".hdf5", ".safetensors"])
def test_weights_of_another_variant_name_the_right_one(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"weights{suffix}"
    if suffix == ".hdf5":
        write_keras(path, random_layers(DUAL.shape))
    else:
        network, _ = load_network(DUAL, write_keras(tmp_path / "k.hdf5", random_layers(DUAL.shape)))
        save_network(path, network, DUAL.name, "", {})
    with pytest.raises(InputError, match="use --method dpdnet-d-w16"):
        load_network(CARDS["dpdnet-s"], path)


def test_another_keras_network_is_refused(tmp_path: Path) -> None:
    layers = random_layers(SINGLE.shape)
    with pytest.raises(InputError, match="does not hold a DPDNet: it has 23 convolutions"):
        load_network(SINGLE, write_keras(tmp_path / "short.hdf5", layers[:-1]))
    dense = [(np.zeros((3, 4), np.float32), np.zeros(4, np.float32))]
    with pytest.raises(InputError, match="3x4, 4, which is no convolution"):
        load_network(SINGLE, write_keras(tmp_path / "dense.hdf5", dense))


def test_damaged_and_foreign_files_are_refused(tmp_path: Path) -> None:
    whole = write_keras(tmp_path / "whole.hdf5", random_layers(SINGLE.shape))
    cut, text, plain, other = (tmp_path / name for name in ("cut.hdf5", "text.h5", "plain.h5", "weights.pth"))
    cut.write_bytes(whole.read_bytes()[:100_000])
    text.write_text("no HDF5")
    with h5py.File(plain, "w") as file:
        file["numbers"] = [1, 2]
    other.write_bytes(b"")
    for path, reason in ((cut, "cannot be read"), (text, "cannot be read"), (plain, "no list of layers"),
                         (other, r"ends in \.pth")):  # fmt: skip
        with pytest.raises(InputError, match=reason):
            load_network(SINGLE, path)


def test_a_file_that_points_into_another_is_refused(tmp_path: Path) -> None:
    layers = random_layers(SINGLE.shape)
    write_keras(tmp_path / "secret.hdf5", layers)
    path = write_keras(tmp_path / "pointer.hdf5", layers)
    with h5py.File(path, "r+") as file:
        group = file["model_weights/conv2d_1/conv2d_1"]
        del group["kernel:0"]
        group["kernel:0"] = h5py.ExternalLink("secret.hdf5", "/model_weights/conv2d_1/conv2d_1/kernel:0")
    with pytest.raises(InputError, match="of its own"):
        load_network(SINGLE, path)


def test_absent_weights_are_one_sentence_and_never_replaced(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IFAN_BENCH_CACHE", str(tmp_path))
    for name in ("dpdnet-d", "dpdnet-s"):
        with pytest.raises(InputError, match="--weights FILE"):
            registry.method(name).load("official")
    place = tmp_path / "weights" / "official" / "defocus_deblurring_dp_l5_s512_f0.7_d0.4.hdf5"
    place.parent.mkdir(parents=True)
    place.touch()
    assert CARDS["dpdnet-d"].sets.find("official") == place


def test_a_quarter_of_the_width_is_a_sixteenth_of_the_parameters() -> None:
    sizes = [sum(p.numel() for p in empty(DPDNet, DPDNetShape(width=width)).parameters()) for width in (64, 16)]
    assert sizes[0] / sizes[1] == pytest.approx(16, rel=0.01)


def test_every_entry_point_names_the_card_of_its_name() -> None:
    for name, card in CARDS.items():
        assert card.name == name
        assert registry.method(name) is card
        assert getattr(cards, name.replace("-", "_")) is card
        assert card.shape.dual == (card.inputs == "dual") == name.startswith("dpdnet-d")
        assert (card.shape.width == 16) == name.endswith("-w16")
        assert card.shape.as_counted == name.endswith("-3x3")
