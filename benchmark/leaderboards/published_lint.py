"""Check a file of published figures."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from benchmark.leaderboards.published import (
    LPIPS_NETS,
    SSIM_KINDS,
    PublishedFigure,
    is_resolvable,
    read_figures,
)

KEY = ("method", "input", "bits", "dataset", "subset", "resolution", "protocol", "train", "source")
"""The fields that together identify a published figure."""
KINDS = ("paper", "author", "restated", "remeasured")
INPUTS = ("single", "dual")
RANGES = {"psnr": (15.0, 40.0), "ssim": (0.3, 1.0), "mae": (0.005, 0.15), "lpips": (0.01, 1.0), "dists": (0.01, 1.0)}
"""Ranges of all figures on defocus data sets; a typing error usually lies outside."""
INDOOR, OUTDOOR = 37, 39
"""Number of indoor and outdoor scenes in DPDD's test set, the weights of the combined figure."""
_ROUNDING = 0.011
"""Largest deviation of three figures that are each rounded to hundredths, dB."""
_AGREEMENT = 0.1
"""Largest difference between claims that agree, dB."""


def lint(path: Path) -> list[str]:
    """Return the faults of a file of published figures, one sentence each.

    Each claim must appear once, lie within the ranges, and have a source that can be looked up and a known kind of
    source. It must name who restated it, the window of its SSIM under a known protocol, and the network of its LPIPS.
    If indoor, outdoor and combined figures are given, the combined one must be the mean weighted 37 to 39. Claims about
    the same method and images that differ by more than 0.1 dB must mention the conflict.
    """
    figures = read_figures(path)
    problems = []
    seen: dict[tuple[str, ...], int] = {}
    for number, figure in enumerate(figures, 2):
        where = f"line {number} ({figure.method} on {figure.dataset})"
        key = tuple(str(getattr(figure, name)) for name in KEY)
        if key in seen:
            problems.append(f"{where} repeats line {seen[key]}")
        seen.setdefault(key, number)
        problems += [f"{where} {problem}" for problem in _problems(figure)]
    return problems + list(_unbalanced(figures)) + list(_unmarked_conflicts(figures))


def _problems(figure: PublishedFigure) -> Iterator[str]:
    if not is_resolvable(figure.source):
        yield (
            f"has source {figure.source!r}; write WHO, VENUE YEAR, Table N; WHO, arXiv ID, Table N; or OWNER/NAME with "
            "README, issue N or a path"
        )
    if figure.source_kind not in KINDS:
        yield f"has source kind {figure.source_kind!r}; there are {', '.join(KINDS)}"
    if not figure.method or not figure.dataset or not figure.subset:
        yield "lacks method, dataset or subset"
    if figure.input not in INPUTS:
        yield f"has input {figure.input!r}; it is single or dual"
    if figure.year and not (figure.year.isdigit() and 1990 <= int(figure.year) <= 2100):
        yield f"has year {figure.year!r}"
    if bool(figure.restated_by) != (figure.source_kind in ("restated", "remeasured")):
        yield f"is {figure.source_kind} and has restated_by {figure.restated_by!r}; name it where there is one"
    if all(figure.figures[name] is None for name in RANGES):
        yield f"has none of {', '.join(RANGES)}"
    has_ssim = figure.figures["ssim"] is not None
    if figure.ssim_kind and (not has_ssim or figure.ssim_kind not in SSIM_KINDS):
        yield f"has ssim_kind {figure.ssim_kind!r}; it is one of {', '.join(SSIM_KINDS)} with an SSIM, or empty"
    if has_ssim and figure.protocol and not figure.ssim_kind:
        yield f"is under protocol {figure.protocol} and lacks ssim_kind"
    has_lpips = figure.figures["lpips"] is not None
    if has_lpips != bool(figure.lpips_net) or (has_lpips and figure.lpips_net not in LPIPS_NETS):
        yield f"has lpips_net {figure.lpips_net!r}; it is one of {', '.join(LPIPS_NETS)} with an LPIPS, else empty"
    for name, (low, high) in RANGES.items():
        value = figure.figures[name]
        if value is not None and not low <= value <= high:
            yield f"has {name} {value:g}, outside {low:g} to {high:g}"


def _unbalanced(figures: list[PublishedFigure]) -> Iterator[str]:
    groups: dict[tuple[str, ...], dict[str, PublishedFigure]] = defaultdict(dict)
    for figure in figures:
        key = tuple(str(getattr(figure, name)) for name in KEY if name != "subset")
        groups[key][figure.subset] = figure
    for group in groups.values():
        if not {"all", "indoor", "outdoor"} <= group.keys():
            continue
        whole, indoor, outdoor = (group[name].figures["psnr"] for name in ("all", "indoor", "outdoor"))
        if whole is None or indoor is None or outdoor is None:
            continue
        mean = (INDOOR * indoor + OUTDOOR * outdoor) / (INDOOR + OUTDOOR)
        if abs(mean - whole) > _ROUNDING:
            yield (
                f"{group['all'].method} of {group['all'].source}: PSNR {whole:g} of all scenes is not the mean "
                f"{mean:.2f} of {INDOOR} indoor and {OUTDOOR} outdoor ones"
            )


def _unmarked_conflicts(figures: list[PublishedFigure]) -> Iterator[str]:
    """Yield each claim that conflicts with another about the same method and images but does not mention it."""
    for number, one in enumerate(figures, 2):
        for other in figures:
            ours, theirs = one.figures["psnr"], other.figures["psnr"]
            if one is other or ours is None or theirs is None or not _of_one_thing(one, other):
                continue
            if abs(ours - theirs) > _AGREEMENT and not one.conflict:
                where = f"line {number} ({one.method} on {one.dataset})"
                yield f"{where} has PSNR {ours:g}, {other.source} {theirs:g}; name it in conflict"


def _of_one_thing(one: PublishedFigure, other: PublishedFigure) -> bool:
    """Return whether two claims are about one method on the same images, as far as their sources say."""
    names = ("method", "input", "dataset", "subset", "resolution")
    same = all(getattr(one, name) == getattr(other, name) for name in names)
    told = all("" in (a, b) or a == b for a, b in ((one.bits, other.bits), (one.train, other.train)))
    return same and told
