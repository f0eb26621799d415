"""Results on disk: one folder a run, one line an image, appended as it is done.

results/<data set>/<method>/<run id>/
    run.json         what determines the figures, what they were measured with, and the summary
    records.jsonl    one line an image
    outputs/*.png    what the method returned, clipped, 16-bit

Several processes may write to one results folder, even to one run: records are appended under a lock.
"""

import fcntl
import hashlib
import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Literal

from benchmark.method import Image
from realdof.common.errors import InputError
from realdof.common.files import write_json
from realdof.images.depth import pixels_from_image
from realdof.images.files import write_pixels

SCHEMA = 1
OUTPUT_BITS: Literal[16] = 16
"""Outputs keep 16 bits whatever the protocol reads, so that scoring them again gives the run's figures."""


@dataclass(frozen=True)
class Record:
    """What one image gave.

    Parameters
    ----------
    name
        The image's name in its data set.
    status
        ``ok``, or ``failed`` with the reason in ``error``.
    scores
        Value by metric, and what a protocol finds beside (``shift_px``, ``mse@BAND``); empty without an all-in-focus
        image.
    seconds
        Wall-clock time of the method alone; None where outputs were scored that were made elsewhere.
    peak_memory
        Bytes: largest resident set of the process, or largest allocation on a CUDA device.
    stages
        Seconds of the method's stages by name, where it has stages (a defocus map, then the deconvolution).
    tiling
        How the image was cut into tiles; None if it was computed whole.
    device
        What computed it, by name and number of threads; None where outputs were scored that were made elsewhere.
    workers
        How many images were computed at once: a time taken beside others is not the method's own.
    """

    name: str
    status: Literal["ok", "failed"]
    scores: dict[str, float] = field(default_factory=dict)
    seconds: float | None = None
    peak_memory: int | None = None
    error: str | None = None
    stages: dict[str, float] = field(default_factory=dict)
    tiling: str | None = None
    device: str | None = None
    workers: int = 1


def run_id(determinants: dict[str, Any]) -> str:
    """Twelve hexadecimal digits that the same settings always give."""
    text = json.dumps(determinants, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


class RunFolder:
    """One run's folder, new or to be continued.

    Parameters
    ----------
    path
        ``results/<data set>/<method>/<run id>``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, results: Path, description: dict[str, Any]) -> "RunFolder":
        """Open the folder that belongs to a run's determinants, writing ``run.json`` if it is new.

        Parameters
        ----------
        description
            ``run.json``'s content; its ``determinants`` decide the folder.

        Raises
        ------
        InputError
            The folder cannot be written to.
        """
        determinants = description["determinants"]
        for name in (determinants["dataset"], determinants["method"]):
            check_name(name)
        identity = run_id(determinants)
        folder = cls(results / determinants["dataset"] / determinants["method"] / identity)
        with folder._locked():
            if not (folder.path / "run.json").exists():
                created = datetime.now(UTC).isoformat(timespec="seconds")
                content = {"schema": SCHEMA, "id": identity, "created": created, **description, "finished": False}
                write_json(folder.path / "run.json", content)
        return folder

    @property
    def description(self) -> dict[str, Any]:
        """The content of ``run.json``.

        Raises
        ------
        InputError
            It is missing, damaged, or of another schema.
        """
        path = self.path / "run.json"
        try:
            content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise InputError(f"{self.path} is no run: it has no run.json") from error
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise InputError(f"{path} is damaged ({error}); remove {self.path} to run it again") from error
        if content.get("schema") != SCHEMA:
            raise InputError(f"{path} has results of schema {content.get('schema')}; this version reads {SCHEMA}")
        return content

    def records(self) -> dict[str, Record]:
        """Every image's last record, by name."""
        path = self.path / "records.jsonl"
        if not path.exists():
            return {}
        content = path.read_bytes()
        try:
            # What follows the last line's end was being written by a process that was killed, or still is.
            lines = content[: content.rfind(b"\n") + 1].decode().splitlines()
            read = [_record_from_json(line) for line in lines if line]
        except (json.JSONDecodeError, UnicodeDecodeError, TypeError, ValueError, KeyError, AttributeError) as error:
            raise InputError(f"{path} is damaged ({error}); remove {self.path} to run it again") from error
        return {record.name: record for record in read}

    def add(self, record: Record) -> None:
        """Append one record and see it on disk."""
        line = json.dumps(_finite(asdict(record)), allow_nan=False) + "\n"
        try:
            with self._locked() as file:
                _drop_unfinished_line(file)
                file.write(line.encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise InputError(f"cannot write {self.path / 'records.jsonl'}: {error.strerror}") from error

    def output(self, name: str) -> Path:
        """Where an image's result is kept."""
        return self.path / "outputs" / f"{name}.png"

    def keep_output(self, name: str, image: Image) -> None:
        """Write a result, float32 (3, H, W), clipped to [0, 1], 16-bit."""
        write_pixels(self.output(name), pixels_from_image(image, OUTPUT_BITS))

    def finish(self, summary: dict[str, Any]) -> None:
        """Record the summary and that the run is whole."""
        write_json(self.path / "run.json", _finite({**self.description, "summary": summary, "finished": True}))

    @contextmanager
    def _locked(self) -> Iterator[IO[bytes]]:
        """The records, open to append, held by this process alone; the lock goes with the file, even if killed."""
        path = self.path / "records.jsonl"
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            file = path.open("ab+")
        except OSError as error:
            raise InputError(f"cannot write {path}: {error.strerror}; give another --results") from error
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file


def _drop_unfinished_line(file: IO[bytes]) -> None:
    # A process killed while it appended leaves half a line, which the next record must not be glued to.
    size = file.seek(0, os.SEEK_END)
    if size == 0:
        return
    file.seek(size - 1)
    if file.read(1) != b"\n":
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)


def check_name(name: object) -> None:
    """Refuse a name of a data set, method or image that is no plain file name.

    Raises
    ------
    InputError
        It is empty, hidden, or would lead out of the results folder.
    """
    if not isinstance(name, str) or not name.strip() or name.startswith(".") or set(name) & set('/\\:*?"<>|\0\n'):
        raise InputError(f"{name!r} cannot be a name in a results folder; use letters, digits, - and _")


def find_runs(results: Path, dataset: str | None = None) -> Iterator[RunFolder]:
    """Every run in a results folder, sorted by path.

    Raises
    ------
    InputError
        There is no such folder.
    """
    if not results.is_dir():
        raise InputError(f"there is no results folder {results}; name one with --results, or make one with run")
    for path in sorted(results.glob(f"{dataset or '*'}/*/*/run.json")):
        yield RunFolder(path.parent)


def _finite(value: Any) -> Any:
    """JSON has no infinity; identical images have an infinite PSNR."""
    if isinstance(value, float) and math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return value


def _record_from_json(line: str) -> Record:
    content = json.loads(line)
    content["scores"] = {name: float(value) for name, value in content["scores"].items()}
    return Record(**content)
