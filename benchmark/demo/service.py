"""The service behind the page: check an upload, deblur it, cancel, delete a visitor's files."""

import hashlib
import shutil
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmark.demo.computation import Computation, Result, Step, Task
from benchmark.demo.folder import LOCK
from benchmark.demo.offers import NO_WEIGHTS
from realdof.common.errors import InputError
from realdof.images.headers import Header, read_header

_STALE_SECONDS = 600.0
"""Age at which an upload that belongs to no visitor is removed."""


@dataclass
class _Visitor:
    folder: Path
    uploads: set[Path] = field(default_factory=set)
    running: Computation | None = None
    done: int = 0


class Service:
    """A service for several visitors, each identified by its page's session.

    Parameters
    ----------
    folder
        Folder of all uploads and results.
    offers
        The available weights by method.
    device, memory
        See `benchmark.demo.computation.Task`.
    """

    def __init__(
        self, folder: Path, offers: Mapping[str, tuple[str, ...]], device: str = "cpu", memory: int | None = None
    ) -> None:
        self.folder, self.offers, self._device, self._memory = folder.resolve(), offers, device, memory
        self._visitors: dict[str, _Visitor] = {}
        self._lock = threading.Lock()

    def look(self, visitor: str, upload: Path) -> Header:
        """Read an upload's header and record its visitor; delete it if it is not an image or too large.

        Raises
        ------
        InputError
            The upload is not an image, is too large, or is outside the demo's folder.
        """
        self._remove_stale()
        path = self._own(visitor, upload)
        try:
            return read_header(path)
        except InputError as error:
            self._forget_uploads(self._visitor(visitor), {path})
            raise self._told(error, path) from error

    def deblur(self, visitor: str, upload: Path, method: str, weights: str) -> Iterator[Step | Result]:
        """Yield progress, then the result; nothing more after `cancel`.

        Raises
        ------
        InputError
            The method or weights are not offered, or the photograph cannot be used; see
            `benchmark.demo.computation.compute`.
        """
        if weights not in self.offers.get(method, ()):
            raise InputError("this method or these weights are not on offer; reload the page and choose again")
        path = self._own(visitor, upload)
        known = self._visitor(visitor)
        shutil.rmtree(known.folder, ignore_errors=True)
        known.done += 1
        # Each result gets a new folder, because a browser caches a picture by its address.
        task = Task(
            path, known.folder / str(known.done), method, None if weights == NO_WEIGHTS else weights,
            self._device, self._memory,
        )  # fmt: skip
        running = known.running = Computation(task)
        try:
            yield from running.steps()
        except InputError as error:
            raise self._told(error, path) from error
        finally:
            running.stop()
            if known.running is running:
                known.running = None

    def cancel(self, visitor: str) -> bool:
        """Stop a visitor's computation; return whether one was running."""
        running = self._visitor(visitor).running
        if running is None:
            return False
        running.stop()
        return True

    def forget(self, visitor: str) -> None:
        """Delete all files of a visitor who has left."""
        self.cancel(visitor)
        with self._lock:
            gone = self._visitors.pop(visitor, None)
        if gone is not None:
            shutil.rmtree(gone.folder, ignore_errors=True)
            self._forget_uploads(gone, set(gone.uploads))

    def _visitor(self, name: str) -> _Visitor:
        with self._lock:
            # The session name comes over the network, so it must not be used as a folder name.
            folder = self.folder / "results" / hashlib.sha256(name.encode(errors="replace")).hexdigest()[:32]
            return self._visitors.setdefault(name, _Visitor(folder))

    def _own(self, visitor: str, upload: Path) -> Path:
        path = upload.resolve()
        if not path.is_relative_to(self.folder):
            raise InputError("this is no photograph of yours; drop one on the page")
        self._visitor(visitor).uploads.add(path)
        return path

    def _forget_uploads(self, visitor: _Visitor, paths: set[Path]) -> None:
        visitor.uploads -= paths
        with self._lock:
            # Two visitors who upload the same file share it.
            shared = {path for other in self._visitors.values() for path in other.uploads}
        for path in paths - shared:
            path.unlink(missing_ok=True)
            if path.parent != self.folder and not any(path.parent.iterdir()):
                path.parent.rmdir()

    def _remove_stale(self) -> None:
        """Delete old files that belong to no visitor: aborted uploads, or uploads sent without the page."""
        with self._lock:
            known = {path for visitor in self._visitors.values() for path in visitor.uploads}
        for path in (*self.folder.glob("*"), *self.folder.glob("*/*")):
            kept = path in known or path.name == LOCK or path.is_relative_to(self.folder / "results")
            if not kept and path.is_file() and time.time() - path.stat().st_mtime > _STALE_SECONDS:
                path.unlink(missing_ok=True)

    def _told(self, error: InputError, path: Path) -> InputError:
        return InputError(str(error).replace(str(path), path.name))
