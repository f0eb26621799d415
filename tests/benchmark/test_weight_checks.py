"""What is weights: dense floating-point tensors by name, in a file that is neither a page nor too large."""

from pathlib import Path

import pytest
import torch

from benchmark import weight_checks
from benchmark.weight_checks import check_kind, checked_tensors
from realdof.common.errors import InputError

HERE = Path("net.pth")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({0: torch.zeros(1)}, "holds '0' in the place of a parameter's name; give a file of weights"),
        ({"layer.weight": [1.0]}, "holds a list at 'layer.weight', not a tensor"),
        ({"layer.weight": torch.zeros(2).to_sparse()}, "layer.weight"),
        ({"layer.weight": torch.zeros(2, dtype=torch.int64)}, "layer.weight"),
    ],
)
def test_what_is_no_weight_is_named(content: dict[object, object], said: str) -> None:
    with pytest.raises(InputError) as told:
        checked_tensors(HERE, content)
    assert str(told.value).startswith("net.pth ")
    assert said in str(told.value)


def test_counters_are_let_pass_and_tables_of_positions_where_they_are_expected() -> None:
    counters = {"norm.num_batches_tracked": torch.tensor(7), "norm.weight": torch.zeros(2)}
    assert checked_tensors(HERE, counters).keys() == counters.keys()
    tables = {"positions": torch.zeros(4, dtype=torch.int64)}
    assert checked_tensors(HERE, tables, buffers=True).keys() == tables.keys()
    with pytest.raises(InputError):
        checked_tensors(HERE, tables)


def test_a_file_that_is_too_large_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "net.pth").write_bytes(bytes(2000))
    check_kind(tmp_path / "net.pth")
    monkeypatch.setattr(weight_checks, "MOST_BYTES", 1000)
    with pytest.raises(InputError, match="has 0 MB, at most 0 are read; give a file of weights"):
        check_kind(tmp_path / "net.pth")
