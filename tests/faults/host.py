"""The program that every case of a fault is a child of: it has loaded all modules, and forks for each command.

It reads one JSON object a line and answers with another. A child is a process of its own, so it can be killed; it costs
milliseconds, where a new one would need seconds to import torch.
"""

import contextlib
import ctypes
import importlib
import json
import mmap
import os
import resource
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

KINDS = {"changes": 1, "reads": 2, "both": 3}
MANNERS = {"count": 0, "once": 1, "from then on": 2, "kill before": 3, "kill halfway": 4}
APPS = {"ifan-bench": "benchmark.commands.app", "realdof": "realdof.cli", "ifan": "ifan.cli.app"}
USED = (
    "benchmark.running.runner", "benchmark.running.task", "benchmark.notebook", "benchmark.report.site",
    "benchmark.report.drawing", "benchmark.leaderboards.build", "benchmark.leaderboards.compare",
    "benchmark.leaderboards.render.formats", "benchmark.results.export",
    "benchmark.results.merge", "benchmark.results.prune", "benchmark.datasets.get.install", "benchmark.training.loop",
    "realdof.pipeline", "realdof.dataset.report.page", "realdof.dataset.verify", "ifan.photographs.batch",
    "ifan.photographs.choice", "ifan.training.loop", "ifan.training.sources", "ifan.training.synthesis", "scipy.stats",
    "skimage.metrics", "tifffile", "pandas", "lightning_fabric",
)  # fmt: skip
"""What the commands import when they need it."""


def main() -> None:
    """Answer requests until the input ends."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    library = ctypes.CDLL(None)
    shared = mmap.mmap(-1, mmap.PAGESIZE)
    counter = ctypes.c_long.from_buffer(shared)
    for module in (*APPS.values(), *USED):
        importlib.import_module(module)
    # Children inherit it, programs that they start do not: a spawned worker has no case of its own.
    del os.environ["LD_PRELOAD"]
    answers.write("ready\n")
    for line in sys.stdin:
        request: dict[str, Any] = json.loads(line)
        counter.value = 0
        begin = time.monotonic()
        others = [_forked(other, library, counter) for other in request.get("beside", ())]
        child = _forked(request, library, counter)
        endings = [_watched(child, request), *(_watched(other, {}) for other in others)]
        answer = [
            {
                "status": status,
                "said": Path(one["log"]).read_text(encoding="utf-8", errors="replace"),
                "calls": counter.value,
                "seconds": time.monotonic() - begin,
                "hung": hung,
            }
            for one, (status, hung) in zip([request, *request.get("beside", ())], endings, strict=True)
        ]
        answers.write(json.dumps(answer) + "\n")


def _forked(request: dict[str, Any], library: Any, counter: Any) -> int:
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            _be_the_command(request, library, ctypes.byref(counter))
        os._exit(99)
    return child


def _watched(child: int, request: dict[str, Any]) -> tuple[int, bool]:
    """The child's exit status, negative if a signal ended it, and whether it had to be ended after a minute."""
    begin = time.monotonic()
    signals = [(begin + after, number) for number, after in request.get("signals", ())]
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status), False
        now = time.monotonic()
        if signals and now >= signals[0][0]:
            os.kill(child, signals.pop(0)[1])
        if now - begin > request.get("limit", 60):
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            return os.waitstatus_to_exitcode(status), True
        time.sleep(0.001)


def _be_the_command(request: dict[str, Any], library: Any, counter: Any) -> None:
    log = os.open(request["log"], os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o644)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.environ.update(request.get("environment", {}))
    os.chdir(request["folder"])
    # What a case needs in the child alone, such as data sets in small.
    for module in request.get("before", ()):
        sys.path.insert(0, str(Path(module).parent))
        importlib.import_module(Path(module).stem).prepare()
    if "most_bytes" in request:
        # A real limit of the system, beside those that the library feigns.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (request["most_bytes"], request["most_bytes"]))
    app, *words = request["words"]
    sys.argv = [app, *words]
    fault = request.get("fault") or {"at": 0, "error": 0, "manner": "count", "kind": "both"}
    library.fault_arm(
        os.fsencode(request["folder"]), counter, ctypes.c_long(fault["at"]), fault["error"],
        MANNERS[fault["manner"]], KINDS[fault["kind"]],
    )  # fmt: skip
    status = 0
    try:
        if app in APPS:
            importlib.import_module(APPS[app]).main()
        else:
            module, _, name = app.partition(":")
            getattr(importlib.import_module(module), name)(*words)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        status = 70
    library.fault_arm(b"", None, ctypes.c_long(0), 0, 0, 0)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
