"""Modules are loaded without garbage collection, and nothing else is changed by it."""

import gc
import weakref

import pytest

from realdof.common.processes.loading import loading


class Ring:
    """An object that only the garbage collection can free."""

    def __init__(self) -> None:
        self.myself = self


@pytest.fixture(autouse=True)
def thawed():
    yield
    gc.unfreeze()


def test_later_collections_leave_out_what_a_command_s_process_has_loaded_and_still_free_garbage() -> None:
    with loading(first=True):
        assert not gc.isenabled()
        first = {"loaded": Ring()}
    with loading():
        later = {"loaded": Ring()}
    assert gc.isenabled()
    looked_at = gc.get_objects()
    assert not any(one is module for one in looked_at for module in (first, later))
    dropped = weakref.ref(Ring())
    gc.collect()
    assert dropped() is None


def test_in_a_process_of_others_later_collections_leave_nothing_out() -> None:
    with loading():
        made = Ring()
    assert gc.get_freeze_count() == 0
    dropped = weakref.ref(made)
    del made
    gc.collect()
    assert dropped() is None


def test_a_program_with_garbage_collection_off_is_left_as_it_was() -> None:
    gc.disable()
    try:
        with loading():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_module_that_cannot_be_loaded_leaves_garbage_collection_on() -> None:
    with pytest.raises(ImportError), loading():
        raise ImportError
    assert gc.isenabled()
