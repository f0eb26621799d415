"""End a command's process without unloading its libraries, which takes long with PyTorch."""

import atexit
import os
import sys
import threading
from collections.abc import Callable
from typing import NoReturn


def run_to_the_end(main: Callable[[], NoReturn]) -> NoReturn:
    """Run a command line and end the process with its status, as multiprocessing ends its processes.

    Threads are waited for, functions registered at exit are called, and output is written. Only the interpreter and the
    libraries are not taken down.

    Parameters
    ----------
    main
        The command line; it raises ``SystemExit`` when it is done.
    """
    try:
        main()
    except SystemExit as end:
        if not isinstance(end.code, int | None):
            # The interpreter prints such a code.
            raise
        status = end.code or 0
        try:
            threading._shutdown()  # type: ignore[attr-defined]
            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
        except (BrokenPipeError, ValueError):
            # `ifan-bench methods | head` closes our output early, and then we close it too; that is no error.
            pass
        except OSError as error:
            if not status:
                print(f"error: the output cannot be written: {error.strerror}", file=sys.stderr, flush=True)
            status = status or 2
        os._exit(status)
