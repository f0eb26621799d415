"""An executor for a Dask cluster that reports missing workers or a lost scheduler in one sentence."""

import asyncio
import importlib
import importlib.metadata
import logging
import pickle
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from realdof.common.console import say, stderr
from realdof.common.errors import InputError

Result = TypeVar("Result")
P = ParamSpec("P")

CONNECT_SECONDS = 30.0
"""Longest wait for a scheduler to answer."""
_ANSWER_SECONDS = 10.0
"""Longest wait for a connected scheduler to answer again."""
SAID_AFTER = 20.0
"""Seconds without any worker after which a message says that the command is waiting for one."""
GIVEN_UP_AFTER = 86_400.0
"""Seconds without any worker after which the work is given up; jobs that start workers may queue for hours."""


_RIGHT = "give e.g. tcp://scheduler:8786"


class ClusterWorkers(Executor):
    """An executor that uses all current workers of a Dask scheduler; their number may change.

    Parameters
    ----------
    client
        A ``distributed.Client``.
    address
        Address of the scheduler, for messages.
    """

    def __init__(self, client: Any, address: str) -> None:
        self._client, self._address = client, address
        self._executor: Executor = client.get_executor(pure=False)
        self._alone_since: float | None = None
        self._said = False

    def submit(self, fn: Callable[P, Result], /, *args: P.args, **kwargs: P.kwargs) -> Future[Result]:
        """Schedule a call; see ``concurrent.futures.Executor.submit``."""
        return self._executor.submit(_called, pickle.dumps((fn, args, kwargs)))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """See ``concurrent.futures.Executor.shutdown``."""
        self._executor.shutdown(wait=wait and not cancel_futures)

    @property
    def threads(self) -> int:
        """Current number of threads of all workers; 0 also if the scheduler does not answer."""
        if self._client.status != "running":
            return 0
        try:
            return sum(self._client.nthreads(callback_timeout=_ANSWER_SECONDS).values())
        except OSError:
            return 0

    def look(self) -> None:
        """Check for workers while waiting for results: say once if there are none, and give up after a long time.

        Raises
        ------
        InputError
            There has been no worker for `GIVEN_UP_AFTER` seconds.
        """
        if self.threads:
            self._alone_since, self._said = None, False
            return
        now = time.monotonic()
        self._alone_since = now if self._alone_since is None else self._alone_since
        waited = now - self._alone_since
        if waited >= GIVEN_UP_AFTER:
            raise InputError(
                f"the cluster at {self._address} has had no worker within reach for {waited / 3600:.0f} h; start some "
                f"with dask worker {self._address} where ifan-bench is installed, then give the same command: what is "
                "finished is kept"
            )
        if waited >= SAID_AFTER and not self._said:
            self._said = True
            say(
                f"the cluster at {self._address} has no worker within reach; waiting for one for up to a day. Start it "
                f"with dask worker {self._address}, or stop by Ctrl-C, which keeps what is finished",
                before="note:", style="bold", console=stderr,
            )  # fmt: skip

    def lost(self) -> InputError:
        """Return the error for work that the cluster dropped."""
        return InputError(
            f"the scheduler at {self._address} ended, was restarted or cannot be reached any more; start it again, "
            "then give the same command: what is finished is kept"
        )


@contextmanager
def cluster_workers(address: str) -> Iterator[ClusterWorkers]:
    """Connect to the scheduler at an address for the duration of a ``with`` block, and yield its workers.

    Raises
    ------
    InputError
        The cluster cannot be reached, or Dask is not installed.
    """
    try:
        distributed = importlib.import_module("distributed")
    except ModuleNotFoundError as error:
        raise InputError("a cluster needs Dask; install ifan-bench[cluster], or use --workers") from error
    with _silent("distributed", "distributed.client", "distributed.core"):
        _check(distributed, address)
        with distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False) as client:
            _check_machines(client)
            yield ClusterWorkers(client, address)


def _called(call: bytes) -> Any:
    """Run a pickled call on a worker.

    The call is pickled because a Dask worker ends if a task names a module that it lacks.
    """
    # Our own process wrote the data.
    function, args, kwargs = pickle.loads(call)  # nosec B301
    return function(*args, **kwargs)


def _check_machines(client: Any) -> None:
    """Refuse a scheduler or workers without this version of the package: such a worker ends when it is given work."""
    ours = importlib.metadata.version("ifan-bench")
    asked = (importlib.metadata.version, "ifan-bench")
    found = {"scheduler": _or_error(client.run_on_scheduler, *asked)}
    found |= {f"worker at {place}": answer for place, answer in client.run(*asked, on_error="return").items()}
    for who, version in found.items():
        if isinstance(version, importlib.metadata.PackageNotFoundError):
            raise InputError(f"the cluster's {who} lacks ifan-bench; install the same on every machine")
        if isinstance(version, str) and version != ours:
            raise InputError(
                f"the cluster's {who} has ifan-bench {version}, this machine {ours}; install the same on every machine"
            )


def _or_error(ask: Callable[..., Any], *words: Any) -> Any:
    try:
        return ask(*words)
    except importlib.metadata.PackageNotFoundError as error:
        return error


def _check(distributed: Any, address: str) -> None:
    """Refuse an address without a scheduler before a client connects, which would wait for ever for other servers."""

    async def ask() -> str:
        secured = distributed.Security().get_connection_args("client")
        async with distributed.rpc(address, timeout=CONNECT_SECONDS, connection_args=secured) as there:
            return str((await asyncio.wait_for(there.identity(), CONNECT_SECONDS)).get("type"))

    websockets, web = importlib.import_module("tornado.websocket"), importlib.import_module("tornado.httpclient")
    of_the_web = (websockets.WebSocketError, web.HTTPClientError)
    try:
        # In a separate thread, because a notebook's thread already runs an event loop.
        with ThreadPoolExecutor(1) as thread:
            kind = thread.submit(lambda: asyncio.run(ask())).result()
    # Data from another kind of server may be read as a length larger than the memory.
    except (OSError, ValueError, TypeError, ImportError, MemoryError, *of_the_web) as error:
        why = str(error) or "it does not answer as a scheduler does"
        raise InputError(f"no Dask scheduler answers at {address} ({why}); {_RIGHT}") from error
    if kind != "Scheduler":
        raise InputError(f"at {address} is a {kind}, not a Dask scheduler; {_RIGHT}")


@contextmanager
def _silent(*loggers: str) -> Iterator[None]:
    """Silence the loggers' messages about a lost connection, which our own message reports."""
    levels = {logging.getLogger(name): logging.getLogger(name).level for name in loggers}
    for logger in levels:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in levels.items():
            logger.setLevel(level)
