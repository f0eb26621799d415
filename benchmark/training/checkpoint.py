"""Write and read the checkpoint of a training, and check that the training continues with the same settings."""

import hashlib
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import UnionType
from typing import Any

import torch

from benchmark.torch_files import read_torch
from realdof.common.errors import InputError
from realdof.common.files import atomic_path

PARTS: Mapping[str, type | UnionType] = {
    "step": int, "seconds": float | int, "settings": dict, "module": dict, "averaged": dict, "optimiser": dict,
}  # fmt: skip
"""Type of every part of a checkpoint."""
_WORDS_BEFORE = {"32-true": "float32", "bf16-mixed": "bfloat16"}
"""Names of precisions in version 0.1, with today's."""
_PARTS_BEFORE = {"step", "recipe", "module", "averaged", "optimiser"}
"""Parts of a checkpoint of version 0.1, which did not hold all settings."""


def write_state(path: Path, state: Mapping[str, Any]) -> None:
    """Write tensors and plain values with torch, atomically.

    Raises
    ------
    InputError
        The folder cannot be written to, or the disk is full.
    """
    # torch's own writer reports a full disk only as "unexpected pos".
    content = io.BytesIO()
    torch.save(state, content)
    # A view that outlives a failing write, in the frames of its traceback, crashes the collector of Python 3.12.1.
    with atomic_path(path) as temporary, content.getbuffer() as view, temporary.open("wb") as file:
        file.write(view)


def read_checkpoint(path: Path, settings: Mapping[str, Any], device: torch.device) -> dict[str, Any]:
    """Read a checkpoint that was written with the same settings.

    Parameters
    ----------
    settings
        Every setting of the run by name, in JSON's types.
    device
        Device of the returned tensors.

    Returns
    -------
    dict
        The parts in `PARTS`.

    Raises
    ------
    InputError
        The file is damaged or not a checkpoint, or a setting differs.
    """
    state = read_torch(path, device)
    if state.keys() == _PARTS_BEFORE:
        raise InputError(
            f"{path} is of an earlier version, which did not record all settings of a run; begin in another folder, "
            "from this run's averaged.safetensors if you like"
        )
    if not state.keys() >= PARTS.keys() or not all(isinstance(state[part], kind) for part, kind in PARTS.items()):
        raise InputError(f"{path} is no checkpoint of a training; give another folder")
    words = state["settings"].get("precision")
    if isinstance(words, str):
        state["settings"]["precision"] = _WORDS_BEFORE.get(words, words)
    changed = [name for name in [*settings, *state["settings"]] if _differs(name, settings, state["settings"])]
    if changed:
        raise InputError(
            f"{path} was trained with another {', '.join(dict.fromkeys(map(str, changed)))}; "
            "give the same settings to continue it, or another folder to start anew"
        )
    return state


def _differs(name: str, settings: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    return (name in settings) != (name in before) or settings.get(name) != before.get(name)


def fingerprint(files: Iterable[Path]) -> str:
    """Return a short hash of files' names and sizes, which identifies a run's data without reading it."""
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.name}\0{path.stat().st_size}\n".encode())
    return digest.hexdigest()[:16]
