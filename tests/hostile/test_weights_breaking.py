"""Files of weights that are none, that lie about their size, or that hold numbers no network has: one sentence each."""

import hashlib
import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from safetensors.torch import save, save_file

from baselines.dmenet.tensorlayer_weights import read_arrays
from baselines.dpdnet.keras_weights import read_convolutions
from baselines.spandrel.models import load_model
from benchmark.torch_files import read_torch
from benchmark.weight_files import read_card, read_safetensors, write_safetensors
from ifan.network import IFAN, NetworkShape
from ifan.sharing.conversion import convert
from ifan.variants import VARIANTS
from ifan.weights import load_network, read_weights, save_weights
from realdof.common.errors import InputError

SMALL = VARIANTS["ifan-n8"]
FIRST = "conv1_1.0.weight"


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return {name: value.clone() for name, value in IFAN(NetworkShape(8)).state_dict().items()}


def loaded(path: Path) -> None:
    load_network(SMALL, read_weights(path))


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_weights_that_are_not_finite_are_refused_by_the_tensors_name(
    state: dict[str, torch.Tensor], tmp_path: Path, bad: float
) -> None:
    spoilt = state[FIRST].clone()
    spoilt.view(-1)[7] = bad
    save_file({**state, FIRST: spoilt}, tmp_path / "bad.safetensors")
    torch.save({**state, FIRST: spoilt}, tmp_path / "bad.pth")
    for name in ("bad.safetensors", "bad.pth"):
        with pytest.raises(InputError, match=f"not finite at '{FIRST}'"):
            loaded(tmp_path / name)


def test_numbers_beyond_float32_are_not_finite_either(state: dict[str, torch.Tensor], tmp_path: Path) -> None:
    save_file({**state, FIRST: state[FIRST].double() * 1e300}, tmp_path / "bad.safetensors")
    with pytest.raises(InputError, match="not finite"):
        loaded(tmp_path / "bad.safetensors")


@pytest.mark.parametrize("dtype", [torch.int64, torch.uint8, torch.bool, torch.complex64, torch.float8_e4m3fn])
def test_tensors_that_are_no_weights_are_refused_by_their_type(
    state: dict[str, torch.Tensor], tmp_path: Path, dtype: torch.dtype
) -> None:
    torch.save({**state, FIRST: state[FIRST].to(dtype)}, tmp_path / "bad.pth")
    save_file({**state, FIRST: state[FIRST].to(dtype)}, tmp_path / "bad.safetensors")
    for name in ("bad.pth", "bad.safetensors"):
        with pytest.raises(InputError, match=f"at '{FIRST}'; weights are floating-point"):
            loaded(tmp_path / name)


def sparse(value: torch.Tensor) -> torch.Tensor:
    return value.to_sparse()


def quantised(value: torch.Tensor) -> torch.Tensor:
    return torch.quantize_per_tensor(value, 0.1, 0, torch.qint8)


def meta(value: torch.Tensor) -> torch.Tensor:
    return value.to("meta")


def scalar(value: torch.Tensor) -> torch.Tensor:
    return value.flatten()[0]


@pytest.mark.parametrize("name", [FIRST, "F.3.weight", "kconv1_1.0.weight"])
@pytest.mark.parametrize("spoil", [sparse, quantised, meta, scalar])
def test_sparse_quantised_meta_and_scalar_tensors_are_refused(
    state: dict[str, torch.Tensor], tmp_path: Path, spoil: Callable[[torch.Tensor], torch.Tensor], name: str
) -> None:
    torch.save({**state, name: spoil(state[name])}, tmp_path / "bad.pth")
    with pytest.raises(InputError):
        loaded(tmp_path / "bad.pth")


@pytest.mark.parametrize(
    "content", [{5: torch.zeros(1)}, {None: 1, (1, 2): 3}, {"": torch.zeros(())}, {}, [1], "hello"]
)
def test_checkpoints_whose_keys_are_no_names_are_refused_by_every_reader(tmp_path: Path, content: object) -> None:
    path = tmp_path / "bad.pth"
    torch.save(content, path)
    for read in (loaded, load_model):
        with pytest.raises(InputError):
            read(path)


@pytest.mark.parametrize("text", ["{nope", "[1]", "null", "5", "[" * 100_000, '{"a": ' * 50_000])
def test_a_damaged_training_card_is_one_sentence(state: dict[str, torch.Tensor], tmp_path: Path, text: str) -> None:
    path = tmp_path / "card.safetensors"
    path.write_bytes(save(state, {"card": text, "variant": "ifan-n8"}))
    for read in (loaded, read_card):
        with pytest.raises(InputError, match="training card"):
            read(path)


def test_a_tensor_that_repeats_one_number_is_refused_before_it_is_unfolded(tmp_path: Path) -> None:
    path = tmp_path / "bomb.pth"
    torch.save({FIRST: torch.zeros(1).expand(10**6, 10**6)}, path)
    assert path.stat().st_size < 10_000
    with pytest.raises(InputError, match="MB of tensors"):
        loaded(path)
    with pytest.raises(InputError, match="MB of tensors"):
        load_model(path)


def test_a_checkpoint_that_unpacks_to_gigabytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.pth"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a/data.pkl", "w") as member:
        for _ in range(1100):
            member.write(bytes(2**20))
    with pytest.raises(InputError, match="unpacks to"):
        read_torch(path)


def test_an_hdf5_that_declares_gigabytes_it_does_not_hold_is_refused_before_reading(tmp_path: Path) -> None:
    for name, shape, said in (("huge", (3, 3, 20_000, 8_000), "declares"), ("none", (3, 3, 6, 8), "does not hold")):
        path = tmp_path / f"{name}.hdf5"
        with h5py.File(path, "w") as file:
            file.attrs["layer_names"] = [b"conv"]
            group = file.create_group("conv")
            group.attrs["weight_names"] = [b"kernel", b"bias"]
            group.create_dataset("kernel", shape, "f4")
            group.create_dataset("bias", shape[3:], "f4", data=np.zeros(shape[3:], "f4"))
        with pytest.raises(InputError, match=said):
            read_convolutions(path)


def npy_header(shape: str, descr: str = "'<f4'") -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    text += b" " * (63 - (len(text) + 10) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


@pytest.mark.parametrize(
    "shape", ["(1000000, 1000000)", "(-1,)", "(2,)", "'x'", "(1.5,)", "((1,),)", "(" * 200 + ")" * 200]
)
def test_an_array_that_declares_another_size_than_it_has_is_refused_before_reading(tmp_path: Path, shape: str) -> None:
    path = tmp_path / "bad.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", npy_header(shape) + bytes(4))
    with pytest.raises(InputError, match=r"bad\.npz"):
        read_arrays(path)


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.npy", npy_header("(1,)") + bytes(4))
    raw = bytearray(content.getvalue())
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(signature) + place] |= 1
    path = tmp_path / "locked.npz"
    path.write_bytes(raw)
    with pytest.raises(InputError, match="encrypted"):
        read_arrays(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n", "Git LFS pointer"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "web page"),
        (b"\n <html>no</html>", "web page"),
        (b"", "is empty"),
        (b"hello", r"bad\."),
    ],
)
@pytest.mark.parametrize("suffix", [".pth", ".safetensors", ".npz", ".hdf5"])
def test_what_a_failed_download_leaves_is_named_for_what_it_is(
    tmp_path: Path, content: bytes, said: str, suffix: str
) -> None:
    path = tmp_path / f"bad{suffix}"
    path.write_bytes(content)
    readers = {".pth": [loaded, load_model], ".safetensors": [loaded, load_model]}
    for read in readers.get(suffix, [read_arrays if suffix == ".npz" else read_convolutions]):
        with pytest.raises(InputError, match=said) as caught:
            read(path)
        assert "weights_only" not in str(caught.value), "advice to switch the protection off"
        assert "can still be loaded" not in str(caught.value)


@pytest.mark.parametrize("suffix", [".SAFETENSORS", ".PTH", ".Pt"])
def test_capital_letters_in_a_suffix_change_nothing(
    state: dict[str, torch.Tensor], tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"UP{suffix}"
    if suffix == ".SAFETENSORS":
        save_file(state, path)
    else:
        torch.save(state, path)
    loaded(path)


@pytest.mark.parametrize("nest", ["state_dict", "params", "params_ema", "model"])
def test_weights_are_found_where_training_programs_put_them(
    state: dict[str, torch.Tensor], tmp_path: Path, nest: str
) -> None:
    path = tmp_path / "nested.pth"
    torch.save({"epoch": 3, nest: {f"module.{name}": value for name, value in state.items()}}, path)
    loaded(path)


def test_the_same_weights_converted_three_times_are_the_same_bytes(
    state: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    source = tmp_path / "source.pth"
    torch.save(state, source)
    card = tmp_path / "card.json"
    card.write_text(json.dumps({"b": 1, "a": [2, 3]}), encoding="utf-8")
    digests = set()
    for number in range(3):
        target = tmp_path / f"{number}.safetensors"
        convert(source, target, SMALL, label="ours, \u00fcber", card=card)
        digests.add(hashlib.sha256(target.read_bytes()).hexdigest())
    assert len(digests) == 1
    weights = read_weights(tmp_path / "0.safetensors")
    assert weights.label == "ours, \u00fcber"
    assert all(torch.equal(weights.state[name], value) for name, value in state.items())


def test_the_header_that_is_put_in_order_keeps_every_tensor_for_other_readers(tmp_path: Path) -> None:
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 5, 3), torch.nn.Linear(7, 2))
    path = tmp_path / "a.safetensors"
    words = {f"word{number}": "\u00e9" * number for number in range(20)}
    write_safetensors(path, network, words, {"x": 1}, torch.float16)
    tensors, found = read_safetensors(path)
    assert found == {**words, "format": "pt", "card": '{"x": 1}'}
    assert all(torch.equal(tensors[name], value.half()) for name, value in network.state_dict().items())
    (length,) = struct.unpack("<Q", path.read_bytes()[:8])
    assert length % 8 == 0, "tensors begin at a multiple of 8, as the format asks"


def test_saving_a_network_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = IFAN(NetworkShape(8))
    for number in range(4):
        save_weights(tmp_path / f"{number}.safetensors", network, SMALL, "label", {"steps": 3})
    assert len({(tmp_path / f"{number}.safetensors").read_bytes() for number in range(4)}) == 1
