"""Verify every pixel of a data set: each file decodes, no file is duplicated, and each pair is aligned."""

import csv
import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from benchmark.datasets.base import Dataset, Entry, check_entries
from benchmark.datasets.verify.shift import PairShift, pair_shift
from realdof.common.errors import InputError
from realdof.images.files import read_pixels

ALIGNED_WITHIN = 0.5
"""px; a pair counts as misaligned only if its shift exceeds this by three standard errors."""


@dataclass(frozen=True)
class Finding:
    """One problem of a scene in one sentence: an error if ``wrong`` is true, else a doubt."""

    scene: str
    wrong: bool
    sentence: str


@dataclass(frozen=True)
class SceneCheck:
    """One scene: height and width of its images, px, bits a channel by role, and the pair's shift if measurable."""

    name: str
    height: int
    width: int
    bits: dict[str, int]
    shift: PairShift | None


@dataclass(frozen=True)
class Verification:
    """The scenes that were checked, and the problems found."""

    scenes: tuple[SceneCheck, ...]
    findings: tuple[Finding, ...]


def verify(dataset: Dataset, report: Callable[[int, int], None] = lambda done, total: None) -> Verification:
    """Check a data set by its headers, as every run does, then decode and compare all of its images.

    Parameters
    ----------
    report
        Progress callback (scenes done, scenes in all).

    Raises
    ------
    InputError
        The number of images, their pairing, sizes or depth are not those of the data set.
    """
    entries = dataset.entries()
    dataset.check_whole()
    dataset.check(check_entries(entries))
    scenes: list[SceneCheck] = []
    findings: list[Finding] = []
    seen: dict[str, tuple[str, str]] = {}
    for done, entry in enumerate(entries):
        report(done, len(entries))
        try:
            pixels = {role: read_pixels(path) for role, path in entry.files.items()}
        except InputError as error:
            findings.append(Finding(entry.name, True, str(error)))
            continue
        check = _check_scene(entry, pixels)
        scenes.append(check)
        findings += [*_duplicates(entry, pixels, seen), *_doubts(check, "target" in pixels)]
    report(len(entries), len(entries))
    return Verification(tuple(scenes), tuple(findings))


def to_csv(verification: Verification) -> str:
    """Write the verification as CSV, one row a scene; columns without a value are empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["scene", "width", "height", "bits", "shift_x", "shift_y", "shift_error", "tiles", "findings"])
    said: dict[str, list[str]] = {}
    for finding in verification.findings:
        said.setdefault(finding.scene, []).append(finding.sentence)
    checked = {scene.name: scene for scene in verification.scenes}
    for name in sorted(checked.keys() | said.keys()):
        scene, findings = checked.get(name), "; ".join(said.get(name, []))
        if scene is None:
            writer.writerow([name, *[""] * 7, findings])
            continue
        shift = scene.shift
        figures = ["", "", "", ""] if shift is None else [shift.x, shift.y, shift.error, shift.tiles]
        writer.writerow([name, scene.width, scene.height, min(scene.bits.values()), *figures, findings])
    return text.getvalue()


def _check_scene(entry: Entry, pixels: dict[str, np.ndarray]) -> SceneCheck:
    image, target = pixels["image"], pixels.get("target")
    shift = None if target is None else pair_shift(target, image)
    bits = {role: 8 * array.dtype.itemsize for role, array in pixels.items()}
    return SceneCheck(entry.name, image.shape[0], image.shape[1], bits, shift)


def _duplicates(entry: Entry, pixels: dict[str, np.ndarray], seen: dict[str, tuple[str, str]]) -> Iterator[Finding]:
    for role, array in pixels.items():
        digest = hashlib.sha256(repr((array.shape, array.dtype.str)).encode() + array.tobytes()).hexdigest()
        path = str(entry.files[role])
        other_role, other = seen.get(digest, (role, path))
        # Several images may share one all-in-focus file.
        if other != path:
            # Two scenes can share an all-in-focus photograph, as in sample; all other duplicates are errors.
            shared_truth = role == other_role == "target"
            yield Finding(entry.name, not shared_truth, f"{path} has the same pixels as {other}")
        seen.setdefault(digest, (role, path))


def _doubts(check: SceneCheck, has_truth: bool) -> Iterator[Finding]:
    if len(set(check.bits.values())) > 1:
        said = ", ".join(f"{role} {bits}" for role, bits in check.bits.items())
        yield Finding(check.name, False, f"{check.name} mixes depths (bits: {said})")
    shift = check.shift
    if shift is not None and shift.length > ALIGNED_WITHIN + 3 * shift.error:
        yield Finding(
            check.name,
            False,
            f"{check.name}: the defocused image lies ({shift.x:+.2f}, {shift.y:+.2f}) px from its target "
            f"(standard error {shift.error:.2f}, {shift.tiles} tiles); figures on it measure the shift too",
        )
    if shift is None and has_truth:
        sentence = f"{check.name}: too little is the same in both images to tell whether they are aligned"
        yield Finding(check.name, False, sentence)
