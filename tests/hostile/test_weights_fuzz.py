"""Random damage to files of weights of every kind: tensors, or one sentence; nothing in them runs."""

import io
import json
import pickle
import struct
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from cases import cases
from hypothesis import given
from hypothesis import strategies as st
from mutations import changed_bytes, json_files
from safetensors.torch import save
from watch import outcome

from baselines.dmenet.tensorlayer_weights import read_arrays
from baselines.dpdnet.keras_weights import read_convolutions
from baselines.spandrel.models import load_model
from benchmark.torch_files import read_torch
from benchmark.training.checkpoint import read_checkpoint
from benchmark.weight_files import read_card, read_safetensors
from ifan.checkpoints import read_weights
from ifan.network import IFAN
from ifan.sharing.conversion import convert
from ifan.synthetic.given_depth import read_depth_scenes
from ifan.variants import VARIANTS
from realdof.common.arrays import read_npy

pytestmark = pytest.mark.slow
CPU = torch.device("cpu")
TENSORS = {
    "conv1_1.0.weight": torch.ones(2, 3, 3, 3), "kconv1_1.0.weight": torch.ones(2, 3, 3, 3),
    "F.3.weight": torch.ones(8, 2, 1, 1),
    "a.bias": torch.zeros(2).half(), "a.num_batches_tracked": torch.tensor(3),
}  # fmt: skip
"""By names that IFAN's reader looks for; no network fits them, which is found out last."""
CARD = {"steps": 3, "photographs": ["a", "b"], "validation": {"psnr": 25.5, "psnr_input": 24.0}}


def saved(content: object, **options: object) -> bytes:
    made = io.BytesIO()
    torch.save(content, made, **options)
    return made.getvalue()


class Evil:
    """A pickle that makes a folder."""

    def __reduce__(self) -> tuple[object, ...]:
        import os

        return os.mkdir, ("/tmp/ifan-bench-hostile-trap",)


CHECKPOINTS = (
    saved(TENSORS), saved(TENSORS, _use_new_zipfile_serialization=False), saved({"state_dict": TENSORS, "epoch": 3}),
    saved({"a": Evil()}), pickle.dumps(Evil()), pickle.dumps({"a": 1}, protocol=2), saved([1, "two", {3: None}]),
)  # fmt: skip
SAFETENSORS = (
    save(TENSORS, {"card": json.dumps(CARD), "shared_taps": "true", "label": "a label"}), save({}),
    save({"x": torch.zeros(3, dtype=torch.bfloat16)}),
)  # fmt: skip


@cases(3000)
@given(content=changed_bytes(CHECKPOINTS), suffix=st.sampled_from((".pth", ".pytorch", ".pt", ".PTH", ".bin")))
def test_checkpoints(content: bytes, suffix: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp()
    path = folder / f"a{suffix}"
    path.write_bytes(content)
    outcome("checkpoint", folder, lambda: read_torch(path))
    outcome("checkpoint", folder, lambda: read_weights(path))
    outcome("checkpoint", folder, lambda: read_checkpoint(path, {"seed": 1}, CPU))
    assert not Path("/tmp/ifan-bench-hostile-trap").exists()


@st.composite
def headers(draw: st.DrawFn) -> bytes:
    """A safetensors file whose header is changed as JSON, with its length right or wrong."""
    whole = SAFETENSORS[0]
    (length,) = struct.unpack_from("<Q", whole)
    header = draw(json_files(json.loads(whole[8 : 8 + length])))
    stated = draw(st.sampled_from((len(header), len(header), len(header), 0, 2**40, 2**63, len(header) + 1)))
    return struct.pack("<Q", stated) + header + whole[8 + length :]


@cases(3000)
@given(content=changed_bytes(SAFETENSORS) | headers())
def test_safetensors(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp()
    path = folder / "a.safetensors"
    path.write_bytes(content)
    for read in (read_safetensors, read_card, read_weights, load_model):
        outcome("safetensors", folder, lambda read=read: read(path))


@cases(800)
@given(card=json_files(CARD))
def test_cards(card: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp()
    path = folder / "a.safetensors"
    path.write_bytes(save(TENSORS, {"card": card.decode("utf-8", "replace")}))
    outcome("card", folder, lambda: read_card(path))
    (folder / "card.json").write_bytes(card)

    def convert_with_card() -> None:
        convert(path, folder / "out.safetensors", VARIANTS["ifan-n8"], card=folder / "card.json", overwrite=True)

    outcome("card", folder, convert_with_card)


def npz(**arrays: np.ndarray) -> bytes:
    made = io.BytesIO()
    np.savez(made, **arrays)
    return made.getvalue()


def compressed(**arrays: np.ndarray) -> bytes:
    made = io.BytesIO()
    np.savez_compressed(made, **arrays)
    return made.getvalue()


def npy(array: np.ndarray) -> bytes:
    made = io.BytesIO()
    np.save(made, array)
    return made.getvalue()


ONES = np.ones((3, 3, 3, 2), np.float32)
NPZS = (
    npz(**{"a/W:0": ONES, "b": np.zeros(3)}), compressed(a=ONES), npz(a=np.array(["x", 1], object)),
    compressed(depth=np.ones((6, 8), np.float16), image=np.zeros((6, 8, 3), np.uint8), highlight_index=np.array([3]),
               highlight_rgb=np.ones((1, 3), np.float16)),
)  # fmt: skip
NPYS = (npy(ONES[..., 0, 0].copy()), npy(np.arange(4)), npy(np.array([{}], object)), npy(np.asfortranarray(ONES)))


@cases(2000)
@given(content=changed_bytes(NPZS))
def test_npz(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp() / "npz"
    folder.mkdir(exist_ok=True)
    path = folder / "a.npz"
    path.write_bytes(content)
    outcome("npz", folder, lambda: read_arrays(path))
    outcome("npz", folder, lambda: read_depth_scenes(folder, CPU))


@cases(1000)
@given(content=changed_bytes(NPYS))
def test_npy(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp()
    (folder / "a.npy").write_bytes(content)
    outcome("npy", folder, lambda: read_npy(folder / "a.npy", "a blur map"))


@st.composite
def forged_arrays(draw: st.DrawFn) -> bytes:
    """An archive of one array whose header says anything at all, and whose checksum is right."""
    header = draw(
        st.text(max_size=60)
        | st.builds(
            lambda descr, order, shape: repr({"descr": descr, "fortran_order": order, "shape": shape}),
            st.sampled_from(("<f4", "|O", "<U9", "<c16", "V4", ">f8", "|b1", [("a", "<f4")], None, 5, "M8[s]")),
            st.sampled_from((True, False, None, "x")),
            st.one_of(
                st.tuples(), st.lists(st.integers(-3, 10**12), max_size=4).map(tuple), st.just(3), st.just("(1,)")
            ),
        )
    ).encode("utf-8", "replace")
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        version = draw(st.sampled_from((b"\x01\x00", b"\x02\x00", b"\x03\x00", b"\x09\x09")))
        length = struct.pack("<H" if version == b"\x01\x00" else "<I", len(header))
        archive.writestr("a.npy", b"\x93NUMPY" + version + length + header + draw(st.binary(max_size=32)))
    return made.getvalue()


@cases(800)
@given(content=forged_arrays())
def test_npz_with_forged_headers(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp()
    (folder / "a.npz").write_bytes(content)
    outcome("npz", folder, lambda: read_arrays(folder / "a.npz"))


@pytest.fixture(scope="module")
def keras(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, ...]:
    path = tmp_path_factory.mktemp("keras") / "a.hdf5"
    with h5py.File(path, "w") as file:
        root = file.create_group("model_weights")
        root.attrs["layer_names"] = [b"input_1", b"conv_1", b"conv_2"]
        root.create_group("input_1").attrs["weight_names"] = np.array([], "S1")
        for name in ("conv_1", "conv_2"):
            group = root.create_group(name)
            group.attrs["weight_names"] = [f"{name}/kernel:0".encode(), f"{name}/bias:0".encode()]
            group.create_group(name)["kernel:0"] = ONES
            group[name].create_dataset("bias:0", data=np.zeros(2, "f4"), compression="gzip")
    return (path.read_bytes(),)


@cases(2000)
@given(data=st.data())
def test_hdf5(data: st.DataObject, keras: tuple[bytes, ...], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp()
    path = folder / "a.hdf5"
    path.write_bytes(data.draw(changed_bytes(keras)))
    outcome("hdf5", folder, lambda: read_convolutions(path))


NAMES = list(IFAN(VARIANTS["ifan-n8"].shape).state_dict())[:40]


@cases(400)
@given(
    content=st.dictionaries(
        st.sampled_from(NAMES) | st.text(max_size=12) | st.integers() | st.none(),
        st.one_of(
            st.none(), st.integers(), st.text(max_size=4), st.just({}),
            st.builds(
                lambda shape, dtype: torch.zeros(shape).to(dtype),
                st.lists(st.integers(0, 3), max_size=5),
                st.sampled_from((torch.float32, torch.float16, torch.int64, torch.bool, torch.complex64)),
            ),
        ),
        max_size=6,
    ),
)  # fmt: skip
def test_dictionaries_of_anything(content: dict[object, object], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp()
    path = folder / "a.pth"
    torch.save(content, path)
    outcome("checkpoint", folder, lambda: read_weights(path))
    outcome("checkpoint", folder, lambda: load_model(path))
