"""The memory of an image is its own: what an earlier image or method took is not counted again."""

from pathlib import Path

import numpy as np
import pytest

from benchmark.running import memory
from benchmark.running.memory import PeakMemory, release_memory

MUCH, LITTLE = 400 * 2**20, 40 * 2**20


def taken(size: int) -> int:
    """Bytes that watching says an array of this size took at its peak, beyond what there was before."""
    release_memory()
    before = PeakMemory().bytes()
    watched = PeakMemory()
    np.ones(size, np.uint8).sum()
    found = watched.bytes()
    assert before is not None
    assert found is not None
    return found - before


def test_a_small_method_after_a_large_one_is_given_its_own_peak() -> None:
    assert taken(MUCH) >= 0.9 * MUCH
    assert 0.5 * LITTLE <= taken(LITTLE) <= 4 * LITTLE


def test_where_the_mark_cannot_be_reset_only_a_mark_that_rises_counts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(memory, "CLEAR_REFS", tmp_path / "missing" / "clear_refs")
    marks = iter([1000, 1000, 1000, 2000])
    monkeypatch.setattr(memory, "_largest_resident", lambda who: next(marks))
    assert PeakMemory().bytes() is None
    assert PeakMemory().bytes() == 2000
