"""The two files of a run, read with checks, and written so that a killed process does not damage them."""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from benchmark.results.description import Description
from benchmark.results.numbers import as_json
from benchmark.results.record import Record
from realdof.common.decode import MOST_BYTES, decode, read_json
from realdof.common.errors import InputError
from realdof.common.files import write_text
from realdof.common.processes.locks import locked

DESCRIPTION, RECORDS = "run.json", "records.jsonl"
LOCK = "records.lock"
"""Lock file, held by the one process that writes to the run."""


@contextmanager
def claimed(path: Path) -> Iterator[IO[bytes]]:
    """Open a run's records for appending, locked against other processes until the block or this process ends."""
    records = path / RECORDS
    with ExitStack() as held:
        try:
            path.mkdir(parents=True, exist_ok=True)
            if records.exists() and not records.is_file():
                raise InputError(f"{records} is no regular file; remove {path} to run it again")
            file = held.enter_context(records.open("ab+"))
            held.enter_context(locked(path / LOCK))
        except OSError as error:
            raise InputError(f"cannot write {records}: {error.strerror}; give another --results") from error
        yield file


def read_description(path: Path) -> Description:
    """Read a run's ``run.json``.

    Raises
    ------
    InputError
        The folder is not a run, or the file is damaged.
    """
    file = path / DESCRIPTION
    if not file.exists():
        raise InputError(f"{path} is no run: it has no {DESCRIPTION}")
    return read_json(file, Description, f"remove {path} to run it again")


def write_description(path: Path, description: Description) -> None:
    """Write a run's ``run.json`` atomically."""
    write_text(path / DESCRIPTION, as_json(description.content(), indent=2) + "\n")


def append_record(path: Path, record: Record) -> None:
    """Append a record to a run's file and flush it to disk.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    line = as_json(record.model_dump(mode="json")) + "\n"
    try:
        with claimed(path) as file:
            _drop_unfinished_line(file)
            _append(file.fileno(), line.encode())
    except OSError as error:
        raise InputError(f"cannot write {path / RECORDS}: {error.strerror}") from error


def read_records(path: Path) -> dict[str, Record]:
    """Read the last record of every image of a run, by name.

    Raises
    ------
    InputError
        A line is damaged.
    """
    file, remedy = path / RECORDS, f"remove {path} to run it again"
    read = [_record(f"{file}, line {number}", line, remedy) for number, line in _whole_lines(file, remedy)]
    return {record.name: record for record in read}


def _whole_lines(path: Path, remedy: str) -> Iterator[tuple[int, str]]:
    """Yield complete lines by number; text after the last line's end is ignored, because its writing was cut short."""
    if not path.exists():
        return
    try:
        if not path.is_file() or path.stat().st_size > MOST_BYTES:
            raise InputError(f"{path} is no file of records; {remedy}")
        content = path.read_bytes()
        text = content[: content.rfind(b"\n") + 1].decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); {remedy}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is damaged: it is not UTF-8; {remedy}") from error
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, line


def _record(where: str, line: str, remedy: str) -> Record:
    try:
        content = json.loads(line)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise InputError(f"{where} is damaged: it is no JSON ({reason}); {remedy}") from error
    return decode(where, content, Record, remedy)


def _append(handle: int, line: bytes) -> None:
    """Append a line and flush it to disk, without a buffer, which would write again on closing after an error."""
    size = os.lseek(handle, 0, os.SEEK_END)
    try:
        left = line
        while left:
            left = left[os.write(handle, left) :]
        os.fsync(handle)
    except OSError:
        with suppress(OSError):
            os.ftruncate(handle, size)
        raise


def _drop_unfinished_line(file: IO[bytes]) -> None:
    # A killed process can leave half a line, and the next record must not be joined to it.
    size = file.seek(0, os.SEEK_END)
    if size == 0:
        return
    file.seek(size - 1)
    if file.read(1) != b"\n":
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)


def check_same_metrics(path: Path, kept: Description, added: Description) -> None:
    """Check that new scores use the same version and weights of each metric as the run's scores.

    Raises
    ------
    InputError
        They differ.
    """
    for column, card in added.metrics.items():
        before = kept.metrics.get(column, card).facts
        for name in sorted(before.keys() | card.facts.keys()):
            ours, theirs = before.get(name, "nothing"), card.facts.get(name, "nothing")
            if ours != theirs:
                raise InputError(
                    f"{path} was scored by {column} with {name} {ours}, and now {name} is {theirs}: use another "
                    "--results folder, or remove the run"
                )
