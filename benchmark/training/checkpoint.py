"""The file a stopped training continues from, and the check that it is continued with the settings it began with."""

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
"""What a checkpoint holds, and of which type."""
_WORDS_BEFORE = {"32-true": "float32", "bf16-mixed": "bfloat16"}
"""How version 0.1 named precisions."""
_PARTS_BEFORE = {"step", "recipe", "module", "averaged", "optimiser"}
"""What checkpoints of version 0.1 held: not all settings were among them."""


def write_state(path: Path, state: Mapping[str, Any]) -> None:
    """Write tensors and plain values with torch, whole or not at all.

    Raises
    ------
    InputError
        The folder cannot be written to, or the disk is full.
    """
    # torch's own writer says nothing about a full disk but "unexpected pos".
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
        Where its tensors go.

    Returns
    -------
    dict
        The parts in `PARTS`.

    Raises
    ------
    InputError
        The file is damaged or no checkpoint, or a setting differs.
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
    """A short hash over names and sizes of files, which tells a run's data from other data without reading it."""
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.name}\0{path.stat().st_size}\n".encode())
    return digest.hexdigest()[:16]
