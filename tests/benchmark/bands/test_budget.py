"""How much memory may be used, and amounts of it in words."""

from pathlib import Path

import pytest
import torch

from benchmark.bands.budget import available_bytes, bytes_of
from realdof.common.errors import InputError


@pytest.mark.parametrize(
    ("text", "expected"), [("4G", 4 * 10**9), ("2.5", 25 * 10**8), ("800M", 8 * 10**8), ("1.5gb", 15 * 10**8)]
)
def test_an_amount_of_memory_is_read(text: str, expected: int) -> None:
    assert bytes_of(text) == expected


@pytest.mark.parametrize("text", ["", "-1", "0", "4X", "G", "1e9"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is no amount of memory; give for example 4G or 800M"):
        bytes_of(text)


def test_free_memory_is_known_here() -> None:
    found = available_bytes(torch.device("cpu"))
    assert found is not None
    assert 1e6 < found < 1e14


def test_a_containers_limit_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("300000000\n")
    (tmp_path / "memory.current").write_text("100000000\n")
    monkeypatch.setattr("benchmark.bands.budget.CGROUP", tmp_path)
    assert available_bytes(torch.device("cpu")) == 160_000_000
