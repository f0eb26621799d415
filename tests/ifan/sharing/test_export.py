"""What is exported computes what the network computes, for sizes it was not traced with."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from golden import CENTRE
from torch import Tensor, nn

from ifan.network import IFAN, NetworkShape
from ifan.sharing.export import TOLERANCE, export, export_weights
from ifan.variants import VARIANTS
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


class Small(nn.Module):
    """Stands for the module of a network, which takes a minute to export."""

    def __init__(self, network: IFAN) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, image: Tensor, views: Tensor | None = None) -> Tensor:
        """One layer."""
        result: Tensor = self.layer(image)
        return result


@pytest.mark.parametrize("suffix", [".pt2", pytest.param(".onnx", marks=pytest.mark.slow)])
def test_a_file_is_checked_at_another_size_and_kept(
    network: IFAN, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.setattr("ifan.sharing.export.Exported", Small)
    monkeypatch.setattr("ifan.sharing.export.load_network", lambda *words: network)
    monkeypatch.setattr("ifan.sharing.export.read_weights", lambda *words: None)
    target = tmp_path / f"ifan{suffix}"
    said = export_weights(VARIANTS["ifan"], "synthetic", target)
    assert re.fullmatch(
        rf"wrote {re.escape(str(target))}; it differs from the network by at most \d.* largest value", said
    )
    assert [path.name for path in tmp_path.iterdir()] == [target.name]
    with pytest.raises(InputError, match="exists"):
        export_weights(VARIANTS["ifan"], "synthetic", target)


def test_a_program_that_computes_something_else_is_not_written(
    network: IFAN, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ifan.sharing.export.Exported", Small)
    other = SimpleNamespace(module=lambda: lambda image: image)
    monkeypatch.setattr("torch.export.load", lambda path: other)
    with pytest.raises(InputError, match=r"differs from the network by .*ifan\.pt2 was not written"):
        export(network, tmp_path / "ifan.pt2")
    assert not list(tmp_path.iterdir())


def test_a_missing_package_is_told_with_what_installs_it(
    network: IFAN, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ifan.sharing.export.Exported", Small)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(
        InputError, match=r"exporting to ONNX needs onnxscript; install it with: pip install 'ifan-bench\["
    ):
        export(network, tmp_path / "ifan.onnx")
    assert not list(tmp_path.iterdir())
