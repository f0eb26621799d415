"""Modules are loaded without a search for garbage, and nothing else is changed by it."""

import gc
import weakref

import pytest

from realdof.common.processes.loading import loading


class Ring:
    """An object that only the search for garbage can free."""

    def __init__(self) -> None:
        self.myself = self


@pytest.fixture(autouse=True)
def thawed():
    yield
    gc.unfreeze()


def test_garbage_is_collected_again_afterwards_but_not_among_what_was_loaded() -> None:
    with loading():
        assert not gc.isenabled()
        module = {"loaded": Ring()}
    assert gc.isenabled()
    frozen = gc.get_freeze_count()
    assert frozen > 0
    assert not any(one is module for one in gc.get_objects())
    dropped = weakref.ref(Ring())
    gc.collect()
    assert dropped() is None


def test_a_program_that_collects_no_garbage_is_left_as_it_was() -> None:
    gc.disable()
    try:
        with loading():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_module_that_cannot_be_loaded_leaves_the_search_for_garbage_on() -> None:
    with pytest.raises(ImportError), loading():
        raise ImportError
    assert gc.isenabled()
