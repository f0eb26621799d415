"""Batches prepared by other processes are those prepared here, in the same order."""

import pytest
import torch
from small_trainings import damaged_at_two, numbered

from benchmark.training.loaders import Ahead, loaded
from realdof.common.errors import InputError
from realdof.common.machine.threads import cores


@pytest.mark.slow
def test_loaders_give_the_batches_in_order_and_start_anew_where_steps_do_not_follow() -> None:
    ahead = Ahead(numbered, 2)
    for step in (3, 4, 5, 1, 2):
        assert torch.equal(ahead(step, 0, 1)["made_for"], torch.tensor([step, 0, 1]))
    assert torch.equal(ahead(3, 1, 2)["made_for"], torch.tensor([3, 1, 2]))


@pytest.mark.slow
def test_bad_input_in_a_loader_is_the_one_sentence_it_is_here() -> None:
    ahead = Ahead(damaged_at_two, 1)
    assert ahead(1, 0, 1)["made_for"].tolist() == [1, 0, 1]
    with pytest.raises(InputError, match=r"^two\.png is no PNG, TIFF or JPEG$"):
        ahead(2, 0, 1)


def test_cheap_batches_need_no_loaders_and_others_a_core_each_but_at_most_eight() -> None:
    assert loaded(numbered, loaders=None, cheap=True, devices=1) is numbered
    assert loaded(numbered, loaders=0, cheap=False, devices=1) is numbered
    for devices, wanted in ((1, min(8, cores())), (10_000, 1)):
        found = loaded(numbered, loaders=None, cheap=False, devices=devices)
        assert isinstance(found, Ahead)
        assert found.loaders == wanted
    asked = loaded(numbered, loaders=3, cheap=True, devices=1)
    assert isinstance(asked, Ahead)
    assert asked.loaders == 3
