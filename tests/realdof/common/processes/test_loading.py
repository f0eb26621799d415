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


def test_what_a_command_s_process_loads_is_left_out_of_later_searches_and_garbage_is_still_freed() -> None:
    with loading(first=True):
        assert not gc.isenabled()
        first = {"loaded": Ring()}
    with loading():
        later = {"loaded": Ring()}
    assert gc.isenabled()
    searched = gc.get_objects()
    assert not any(one is module for one in searched for module in (first, later))
    dropped = weakref.ref(Ring())
    gc.collect()
    assert dropped() is None


def test_in_a_process_of_others_everything_is_searched_again() -> None:
    with loading():
        made = Ring()
    assert gc.get_freeze_count() == 0
    dropped = weakref.ref(made)
    del made
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
