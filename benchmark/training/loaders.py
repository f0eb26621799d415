"""Batches that other processes prepare while this one trains: the same batches, in the same order."""

import signal
from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from realdof.common.errors import InputError
from realdof.common.machine.threads import cores
from realdof.common.processes.pool import deaf_to_ctrl_c

Batch = dict[str, Tensor]
Batches = Callable[[int, int, int], Batch]
"""From step, process and number of processes to the process's share of the step's batch."""
BATCHES_AHEAD = 2
"""How many batches each loader prepares ahead."""
MOST_LOADERS = 8
_NO_END = 2**62


def loaded(batches: Batches, *, loaders: int | None, cheap: bool, devices: int) -> Batches:
    """The same batches, prepared by other processes where that helps.

    Parameters
    ----------
    batches
        A picklable function that depends on step and process alone.
    loaders
        How many processes; None for none if batches are cheap, and otherwise a core each, at most eight.
    cheap
        Whether a batch costs next to nothing.
    devices
        Training processes on this machine, which share its cores.
    """
    if loaders is None:
        loaders = 0 if cheap else max(1, min(MOST_LOADERS, cores() // devices))
    return Ahead(batches, loaders) if loaders else batches


class Ahead:
    """Batches that other processes prepare a few steps ahead.

    Parameters
    ----------
    batches
        A picklable function that depends on step and process alone.
    loaders
        How many processes prepare them, at least one.
    """

    def __init__(self, batches: Batches, loaders: int) -> None:
        self.batches = batches
        self.loaders = loaders
        self._following: tuple[int, int, int] | None = None
        self._made: Iterator[Batch | InputError] = iter(())

    def __call__(self, step: int, process: int, processes: int) -> Batch:
        """The batch of a step; a step that does not follow the last one starts the loaders anew.

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
        with deaf_to_ctrl_c():
            return iter(loader)


class _Steps(Dataset[Batch | InputError]):
    """The batches of one process by step; bad input is returned, so that it arrives without a remote traceback."""

    def __init__(self, batches: Batches, process: int, processes: int) -> None:
        self.batches, self.process, self.processes = batches, process, processes

    def __getitem__(self, step: int) -> Batch | InputError:
        try:
            return self.batches(step, self.process, self.processes)
        except InputError as error:
            return error


def _settle(number: int) -> None:
    # Ctrl-C reaches every process of a terminal; the training process ends its step first, then its loaders.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import cv2

    cv2.setNumThreads(1)
    torch.set_num_threads(1)
