"""What is exported computes what the network computes, for sizes it was not traced with."""

from pathlib import Path

import pytest
import torch
from golden import CENTRE

from ifan.network import IFAN, NetworkShape
from ifan.sharing.export import TOLERANCE, export
from realdof.common.errors import InputError


@pytest.fixture(scope="module")
def network() -> IFAN:
    torch.manual_seed(0)
    return IFAN(NetworkShape(2)).eval().requires_grad_(False)


@pytest.mark.slow
def test_a_program_of_torch_export_deblurs_like_the_network(network: IFAN, tmp_path: Path) -> None:
    assert export(network, tmp_path / "ifan.pt2") <= TOLERANCE
    found = torch.export.load(tmp_path / "ifan.pt2").module()(CENTRE)
    torch.testing.assert_close(found, network(CENTRE), rtol=0, atol=1e-4)


@pytest.mark.slow
def test_onnx_deblurs_like_the_network(network: IFAN, tmp_path: Path) -> None:
    import onnxruntime

    assert export(network, tmp_path / "ifan.onnx") <= TOLERANCE
    session = onnxruntime.InferenceSession(tmp_path / "ifan.onnx", providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"image": CENTRE.numpy()})
    torch.testing.assert_close(torch.from_numpy(found), network(CENTRE), rtol=0, atol=1e-4)


@pytest.mark.slow
def test_onnx_written_twice_is_the_same_bytes_and_names_no_folder_of_this_machine(
    network: IFAN, tmp_path: Path
) -> None:
    import ifan

    contents = set()
    for number in range(2):
        export(network, tmp_path / f"{number}.onnx")
        contents.add((tmp_path / f"{number}.onnx").read_bytes())
    assert len(contents) == 1
    assert str(Path(ifan.__file__).parents[1]).encode() not in contents.pop()


def test_another_suffix_is_refused(network: IFAN, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\.onnx or \.pt2"):
        export(network, tmp_path / "ifan.tflite")
    assert not list(tmp_path.iterdir())
