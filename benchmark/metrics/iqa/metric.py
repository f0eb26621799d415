"""Measure with a metric of pyiqa: the same images always get the same score, and the loaded weights are recorded."""

from __future__ import annotations

import hashlib
import json
import random
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from functools import cache
from importlib.metadata import version
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from benchmark.metrics.iqa.catalogue import SEED, card_of, look_up
from realdof.common.errors import InputError
from realdof.common.files import sha256_of

if TYPE_CHECKING:
    from torch import Tensor

    from benchmark.method import Image

_ROUNDING = 1e-5
"""Largest rounding error by which a float32 value may exceed an exact bound; such a value is set to the bound."""
_DOWNLOAD = re.compile(r'Downloading: "(?P<url>[^"]+)" to (?P<path>\S+)')


class PyiqaMetric:
    """A metric of pyiqa, on the CPU; it receives images as pyiqa requires: float32 RGB, clipped to [0, 1].

    Parameters
    ----------
    name
        ``pyiqa:NAME``, or ``pyiqa:NAME@input`` for a no-reference metric of the defocused image.

    Attributes
    ----------
    card
        The card with the facts that a run records: version, options, seed, and SHA-256 of the loaded weights.

    Raises
    ------
    InputError
        No metric has this name, or its weights cannot be loaded.
    """

    def __init__(self, name: str) -> None:
        known = look_up(name)
        self._network, facts = _loaded(known.name)
        self.card = card_of(name, facts)

    def __call__(self, **images: Image) -> float:
        """Measure one image; see `benchmark.metrics.base.Metric`.

        Raises
        ------
        ValueError
            pyiqa refuses the images, or does not return exactly one number.
        """
        measured = images["output"] if "output" in images else images["input"]
        batches = [_batch(measured), *([_batch(images["target"])] if "target" in images else [])]
        if len({batch.shape for batch in batches}) > 1:
            raise ValueError(f"the output is {tuple(measured.shape)}, the all-in-focus image another size")
        with _fixed_randomness(), torch.no_grad():
            try:
                found = self._network(*batches)
            except (AssertionError, IndexError) as error:
                height, width = measured.shape[-2:]
                raise ValueError(f"{self.card.name} cannot score an image of {width}x{height}: {error}") from error
        if not isinstance(found, torch.Tensor) or found.numel() != 1:
            raise ValueError(f"{self.card.name} gave {type(found).__name__}, not one number")
        return self._on_bounds(float(found))

    def _on_bounds(self, value: float) -> float:
        low, high = self.card.range
        if low - _ROUNDING <= value <= high + _ROUNDING:
            return min(max(value, low), high)
        return value


def _batch(image: Image) -> Tensor:
    return image.detach().cpu().float().clamp(0, 1).unsqueeze(0).contiguous()


@contextmanager
def _fixed_randomness() -> Iterator[None]:
    """Seed the random crops alike for every image, and restore the caller's random state afterwards."""
    numpy_state, python_state = np.random.get_state(), random.getstate()  # noqa: NPY002
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        np.random.seed(SEED)  # noqa: NPY002
        random.seed(SEED)
        try:
            yield
        finally:
            np.random.set_state(numpy_state)  # noqa: NPY002
            random.setstate(python_state)


@cache
def _loaded(name: str) -> tuple[Any, Mapping[str, str]]:
    """Load a metric's network, once for the output and the input, and return it with the facts to record."""
    import pyiqa

    printed = StringIO()
    try:
        # pyiqa prints what it loads, which would corrupt tables and CSV on stdout.
        with redirect_stdout(printed), torch.random.fork_rng(devices=[]):
            metric = pyiqa.create_metric(name, device=torch.device("cpu"))
    except ImportError as error:
        raise InputError(f"pyiqa:{name} cannot be loaded ({error}); install what it needs, or leave it out") from error
    except (OSError, RuntimeError, EOFError, KeyError, ValueError) as error:
        raise InputError(_unloadable(name, printed.getvalue(), error)) from error
    sys.stderr.flush()
    known = look_up(name)
    facts = {
        "package": f"pyiqa {version('pyiqa')}",
        "options": json.dumps(dict(known.options), sort_keys=True, default=str),
        "seed": str(SEED),
        "weights": weights_sha256(metric.net),
    }
    return metric, facts


def weights_sha256(network: torch.nn.Module) -> str:
    """Compute the SHA-256 of all loaded weights of a network, whatever their file; empty without weights.

    The hash covers the parameters and buffers in memory, by name, and the files that the network names.
    """
    digest = hashlib.sha256()
    empty = True
    for name, value in sorted(network.state_dict().items()):
        if isinstance(value, torch.Tensor) and value.numel():
            digest.update(name.encode())
            digest.update(value.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().data)
            empty = False
    for _, value in sorted(vars(network).items()):
        if isinstance(value, str) and Path(value).is_file():
            digest.update(sha256_of(Path(value)).encode())
            empty = False
    return "" if empty else digest.hexdigest()


def _unloadable(name: str, printed: str, error: Exception) -> str:
    text = " ".join(str(error).split())
    asked = list(_DOWNLOAD.finditer(printed))
    if not asked:
        return f"pyiqa:{name} cannot be loaded ({text}); leave it out, or mend what it names"
    place = asked[-1]["path"]
    return (
        f"pyiqa:{name} needs weights that could not be had ({text}): put {asked[-1]['url']} at {place}, whole, "
        "or leave the metric out"
    )
