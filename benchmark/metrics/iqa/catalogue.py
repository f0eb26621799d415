"""The metrics of pyiqa by name: direction, range and kind from pyiqa's catalogue, and notes for readers."""

from __future__ import annotations

import difflib
import importlib.util
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Any, Literal

from benchmark.metrics.card import MetricCard, Need
from realdof.common.errors import InputError
from realdof.common.machine.torchvision import import_torchvision

PREFIX = "pyiqa:"
OF_INPUT = "@input"
"""Suffix of the metric that measures the defocused image instead of the output."""
SEED = 0
"""Seed of the random crops of some metrics: fixed, so that an image always gets the same score."""
_DECIMALS = 4
_NOT_OF_ONE_IMAGE = {
    "fid": "a set of images",
    "sfid": "a set of images",
    "fid_dinov2": "a set of images",
    "inception_score": "a set of images",
    "clipscore": "an image and a caption",
    "fgresq_pair": "two outputs",
}
"""Metrics that do not score single outputs; FID and similar ones need far more images than the 13 to 76 here."""
_NOTES = (
    ("psnr", "identical images score 80, not infinity"),
    ("psnry", "the luma is that of YIQ, where psnr-y is on BT.601's"),
    ("ssim", "on the luma, while the protocols' ssim is on RGB"),
    ("ms_ssim", "on the luma"),
    ("maniqa", "measures random crops, drawn alike for every image"),
    ("clipiqa", "needs memory in proportion to the pixels, several GB at 8 to 12 megapixels"),
    ("niqe", "does not follow the amount of blur"),
)
"""Notes by the beginning of the metric's name; ``ssim`` must match the whole name."""


@dataclass(frozen=True)
class Known:
    """The entry of a metric in pyiqa's catalogue.

    Parameters
    ----------
    name
        Name in pyiqa.
    kind
        ``FR`` for a metric against the all-in-focus image, ``NR`` for a no-reference metric.
    better
        Whether higher or lower values are better.
    range
        Bounds that pyiqa gives as exact; infinite if it gives an estimate or no bound.
    options
        Options with which the metric is created.
    """

    name: str
    kind: Literal["FR", "NR"]
    better: Literal["higher", "lower"]
    range: tuple[float, float]
    options: Mapping[str, Any]


def is_pyiqa(name: str) -> bool:
    """Return whether a name is that of a metric of pyiqa, whether or not pyiqa is installed."""
    return name.startswith(PREFIX)


def is_installed() -> bool:
    """Return whether pyiqa is installed, without importing it."""
    return importlib.util.find_spec("pyiqa") is not None


def with_inputs(names: tuple[str, ...], known: Mapping[str, MetricCard]) -> tuple[str, ...]:
    """Add to each no-reference metric of pyiqa the same metric of the input.

    The value of a no-reference metric depends on the scene, the size and the variant, so it is only meaningful next to
    the input's value.
    """
    found: list[str] = []
    for name in names:
        found.append(name)
        if is_pyiqa(name) and not name.endswith(OF_INPUT) and "target" not in known[name].needs:
            found.append(f"{name}{OF_INPUT}")
    return tuple(dict.fromkeys(found))


def look_up(name: str) -> Known:
    """Look up a metric in pyiqa's catalogue.

    Parameters
    ----------
    name
        Name with the prefix, with or without ``@input``.

    Raises
    ------
    InputError
        pyiqa is not installed, cannot be imported or has no such metric, or the metric does not score single outputs.
    """
    plain = name.removeprefix(PREFIX).removesuffix(OF_INPUT)
    every = _catalogue()
    if plain in _NOT_OF_ONE_IMAGE:
        raise InputError(
            f"{PREFIX}{plain} scores {_NOT_OF_ONE_IMAGE[plain]}, not each output against its all-in-focus image; "
            "leave it out"
        )
    if plain not in every or every[plain].get("metric_mode") not in ("FR", "NR"):
        near = difflib.get_close_matches(plain, every, n=1, cutoff=0.5)
        advice = f"did you mean {PREFIX}{near[0]}?" if near else f"there are {', '.join(sorted(every))}"
        raise InputError(f"pyiqa {version('pyiqa')} has no metric named {plain}; {advice}")
    said = every[plain]
    better: Literal["higher", "lower"] = "lower" if said.get("lower_better", False) else "higher"
    kind: Literal["FR", "NR"] = said["metric_mode"]
    return Known(plain, kind, better, _bounds(said.get("score_range"), kind, better), dict(said["metric_opts"]))


def card_of(name: str, facts: Mapping[str, str] | None = None) -> MetricCard:
    """Make the card of a metric of pyiqa.

    Parameters
    ----------
    facts
        Facts recorded when the metric was loaded; see `benchmark.metrics.iqa.metric.PyiqaMetric`.
    """
    known = look_up(name)
    of_input = name.endswith(OF_INPUT)
    if of_input and known.kind == "FR":
        raise InputError(f"{name} needs the all-in-focus image; only no-reference metrics are measured of the input")
    needs: frozenset[Need] = frozenset({"output", "target"})
    if known.kind == "NR":
        needs = frozenset({"input"}) if of_input else frozenset({"output"})
    kept = dict(facts or {})
    words = [f"pyiqa {version('pyiqa')}", "against the all-in-focus image" if known.kind == "FR" else "no reference"]
    if kept.get("weights"):
        words.append(f"weights {kept['weights'][:12]}")
    return MetricCard(
        name=name,
        title=f"{PREFIX}{known.name} of the input" if of_input else name,
        better=known.better,
        decimals=_DECIMALS,
        range=known.range,
        needs=needs,
        source=", ".join([*words, *_notes(known)]),
        facts=kept,
    )


def _notes(known: Known) -> list[str]:
    notes = [note for begin, note in _NOTES if _is_about(begin, known.name)]
    if known.kind == "NR":
        notes.append("values of other papers, versions and sizes do not compare")
    return notes


def _is_about(begin: str, name: str) -> bool:
    return name == begin if begin == "ssim" else name.startswith(begin)


def _bounds(text: str | None, kind: str, better: str) -> tuple[float, float]:
    """Parse bounds such as ``0, ~1``; a bound with ``~`` and the upper bound of a distance are only estimates."""
    low, high = -math.inf, math.inf
    words = [word.strip() for word in (text or "").split(",")]
    if len(words) == 2:
        low = low if words[0].startswith("~") else float(words[0])
        high = high if words[1].startswith("~") or (kind, better) == ("FR", "lower") else float(words[1])
    return low, high


@cache
def _catalogue() -> Mapping[str, Mapping[str, Any]]:
    if not is_installed():
        raise InputError(
            "metrics named pyiqa:NAME need pyiqa: pip install 'ifan-bench[iqa]' in an environment of its own; "
            "docs/explanation/metrics.md says what it does to OpenCV"
        )
    import_torchvision()
    try:
        from pyiqa.default_model_configs import DEFAULT_CONFIGS
    except (ImportError, AttributeError, RuntimeError, OSError) as error:
        text = " ".join(str(error).split())
        raise InputError(
            f"pyiqa cannot be imported ({text}); install it again: pip install 'ifan-bench[iqa]'"
        ) from error
    found: Mapping[str, Mapping[str, Any]] = DEFAULT_CONFIGS
    return found
