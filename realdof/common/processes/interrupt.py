"""Ctrl-C that Python drops, raised again."""

import _thread
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_MOMENT = 0.01
"""s until it is raised again, when Python has left the place where it drops exceptions."""


@contextmanager
def no_interrupt_dropped() -> Iterator[None]:
    """Raise ``KeyboardInterrupt`` again during a ``with`` block if Python drops it.

    Where an exception has no caller, such as in ``__del__`` or in a callback of garbage collection, Python prints it
    and goes on (``sys.unraisablehook``): a command would run to its end in spite of Ctrl-C.
    """
    before = sys.unraisablehook

    def raise_again(dropped: "sys.UnraisableHookArgs") -> None:
        if not issubclass(dropped.exc_type, KeyboardInterrupt):
            before(dropped)
            return
        timer = threading.Timer(_MOMENT, _interrupt)
        timer.daemon = True
        timer.start()

    sys.unraisablehook = raise_again
    try:
        yield
    finally:
        sys.unraisablehook = before


def _interrupt() -> None:
    """Interrupt the main thread, even if it waits."""
    main = threading.main_thread().ident
    if main is not None and hasattr(signal, "pthread_kill"):
        signal.pthread_kill(main, signal.SIGINT)
    else:
        _thread.interrupt_main()
