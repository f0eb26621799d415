"""Batches that other processes make ready while this one trains: the same ones, in the same order."""

import signal
from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from realdof.common.errors import InputError

Batch = dict[str, Tensor]
Batches = Callable[[int, int, int], Batch]
"""From step, process and number of processes to the process's share of the step's batch."""
BATCHES_AHEAD = 2
"""For each process that makes them."""
_NO_END = 2**62


class Ahead:
    """Like the batches it is given, made by other processes a few steps ahead.

    Parameters
    ----------
    batches
        Each must depend on step and process alone, and be ready to be sent to another process.
    loaders
        How many processes make them, at least one.
    """

    def __init__(self, batches: Batches, loaders: int) -> None:
        self.batches = batches
        self.loaders = loaders
        self._following: tuple[int, int, int] | None = None
        self._made: Iterator[Batch | InputError] = iter(())

    def __call__(self, step: int, process: int, processes: int) -> Batch:
        """The batch of a step; steps that do not follow each other are made anew.

        Raises
        ------
        InputError
            What the batches raise.
        """
        if self._following != (step, process, processes):
            self._made = self._from(step, process, processes)
        batch = next(self._made)
        if isinstance(batch, InputError):
            raise batch
        self._following = step + 1, process, processes
        return batch

    def _from(self, step: int, process: int, processes: int) -> Iterator[Batch | InputError]:
        loader: DataLoader[Batch | InputError] = DataLoader(
            _Steps(self.batches, process, processes),
            sampler=range(step, _NO_END),
            batch_size=None,
            num_workers=self.loaders,
            prefetch_factor=BATCHES_AHEAD,
            # A forked process would inherit locks of OpenCV's and torch's threads.
            multiprocessing_context="spawn",
            worker_init_fn=_settle,
        )
        return iter(loader)


class _Steps(Dataset[Batch | InputError]):
    """The batches of one process by step; bad input is sent as it is, not as a traceback of another process."""

    def __init__(self, batches: Batches, process: int, processes: int) -> None:
        self.batches, self.process, self.processes = batches, process, processes

    def __getitem__(self, step: int) -> Batch | InputError:
        try:
            return self.batches(step, self.process, self.processes)
        except InputError as error:
            return error


def _settle(number: int) -> None:
    # Ctrl-C goes to every process of a terminal; the one that trains ends its step first, and these with itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import cv2

    cv2.setNumThreads(1)
    torch.set_num_threads(1)
