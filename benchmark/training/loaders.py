"""Prepare batches in other processes while this one trains; batches and their order stay the same."""

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
"""Function of step, process and number of processes that returns the process's share of the step's batch."""
BATCHES_AHEAD = 2
"""How many batches each loader prepares ahead."""
MOST_LOADERS = 8
_NO_END = 2**62


def loaded(batches: Batches, *, loaders: int | None, cheap: bool, devices: int) -> Batches:
    """Return the same batches, prepared by other processes if that helps.

    Parameters
    ----------
    batches
        A picklable function that depends on step and process alone.
    loaders
        Number of processes. None means no process if batches are cheap, otherwise one per core, at most eight.
    cheap
        Whether a batch takes so little time that other processes would not help.
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
        """Return the batch of a step; a step that does not follow the last one restarts the loaders.

        Raises
        ------
        InputError
            `batches` raised it.
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
            # A forked process would inherit the locks of OpenCV's and torch's threads.
            multiprocessing_context="spawn",
            worker_init_fn=_settle,
        )
        with deaf_to_ctrl_c():
            return iter(loader)


class _Steps(Dataset[Batch | InputError]):
    """The batches of one process by step; an InputError is returned, so that it arrives without a remote traceback."""

    def __init__(self, batches: Batches, process: int, processes: int) -> None:
        self.batches, self.process, self.processes = batches, process, processes

    def __getitem__(self, step: int) -> Batch | InputError:
        try:
            return self.batches(step, self.process, self.processes)
        except InputError as error:
            return error


def _settle(number: int) -> None:
    # Ctrl-C reaches every process of a terminal, but the training process must first finish its step.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import cv2

    cv2.setNumThreads(1)
    torch.set_num_threads(1)
