"""Propose scenes for a folder of loose shots from the time, aperture and serial number in their EXIF."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from realdof.captures.checks import CLOCK_TOLERANCE
from realdof.captures.folder import Findings, assemble_scenes, image_files
from realdof.captures.scene import Complaint, Member, same_aperture
from realdof.captures.scene_list import Row
from realdof.common.errors import InputError
from realdof.raw.exif import read_exif

LARGEST_CLOCK_OFFSET = 7200.0
"""Largest offset between the clocks of the two bodies, s: allows for a forgotten hour of daylight saving."""

LARGEST_DELAY = 3.0
"""Largest delay between the two shots of a pair, after correcting for the offset of the clocks, s."""

LARGEST_GAP = 600.0
"""Largest time between a scene's reference and target pair, s."""

# Each shot of one body is compared with each shot of the other, so the cost grows with the square.
_MOST_SHOTS = 4000


@dataclass(frozen=True)
class _Shot:
    path: Path
    body: str
    time: float
    f_number: float


@dataclass(frozen=True)
class _Shots:
    """One shot of each body, taken at the same time."""

    a: _Shot
    b: _Shot

    @property
    def is_reference(self) -> bool:
        return same_aperture(self.a.f_number, self.b.f_number)

    @property
    def files(self) -> str:
        return f"{self.a.path.name} and {self.b.path.name}"


def propose_scenes(folder: Path) -> Findings:
    """Sort the loose shots of two bodies into scenes.

    Shots of the two bodies at the same time form a pair: a reference pair if their apertures are equal, otherwise
    a target pair. A target pair and the reference pair nearest in time form a scene. Scenes are numbered in the
    order of time; the body whose serial number sorts first is camera A.

    Parameters
    ----------
    folder
        A flat folder of raw files, TIFFs or PNGs with EXIF; subfolders are ignored.

    Raises
    ------
    InputError
        The folder cannot be read, holds no shots, or shots that are not from exactly two bodies.
    """
    files = image_files(folder)
    if not files:
        raise InputError(f"{folder} holds no raw files, TIFFs or PNGs; give a folder of loose shots")
    if len(files) > _MOST_SHOTS:
        raise InputError(f"{folder} holds {len(files)} shots; give a folder of at most {_MOST_SHOTS}")
    shots, complaints = _read_shots(files)
    bodies = sorted({shot.body for shot in shots})
    if len(bodies) != 2:
        found = f"{len(bodies)} camera bodies ({', '.join(bodies)})" if bodies else "no shot that says its body"
        raise InputError(f"{folder} holds {found}; give the shots of exactly two bodies")
    pairs, alone = _pair(*(sorted((s for s in shots if s.body == b), key=lambda s: s.time) for b in bodies))
    complaints += [_loose(f"{shot.path} has no shot of the other camera at its time") for shot in alone]
    rows, left = _scenes(pairs)
    for pair in left:
        kind, other = ("reference", "target") if pair.is_reference else ("target", "reference")
        complaints.append(_loose(f"{pair.files} are a {kind} pair without a {other} pair near it in time"))
    scenes, more = assemble_scenes(rows)
    return scenes, complaints + more


def _loose(sentence: str) -> Complaint:
    return Complaint(None, sentence, fatal=True)


def _read_shots(files: Sequence[Path]) -> tuple[list[_Shot], list[Complaint]]:
    shots, complaints = [], []
    for path in files:
        exif = read_exif(path)
        if exif.clock is None or exif.f_number is None or exif.body_serial is None:
            known = {
                "time": exif.clock,
                "aperture": exif.f_number,
                "serial number of the body": exif.body_serial,
            }
            lacking = ", ".join(name for name, value in known.items() if value is None)
            complaints.append(_loose(f"{path} does not say its {lacking}; name it in a list of scenes"))
        else:
            shots.append(_Shot(path, exif.body_serial, exif.clock, exif.f_number))
    return shots, complaints


def _pair(a: Sequence[_Shot], b: Sequence[_Shot]) -> tuple[list[_Shots], list[_Shot]]:
    """Return the pairs of shots of both bodies in the order of time, and the shots without a partner."""
    delays = np.subtract.outer([shot.time for shot in b], [shot.time for shot in a])
    offset = _clock_offset(delays)
    pairs = [_Shots(a[i], b[j]) for i, j in _nearest(np.abs(delays.T - offset), LARGEST_DELAY)]
    paired = {shot.path for pair in pairs for shot in (pair.a, pair.b)}
    return sorted(pairs, key=lambda p: p.a.time), [shot for shot in (*a, *b) if shot.path not in paired]


def _clock_offset(delays: np.ndarray) -> float:
    """Return the delay that most shots agree on, the smallest if there are several, as with shots at regular times."""
    candidates = np.sort(delays[np.abs(delays) <= LARGEST_CLOCK_OFFSET], axis=None)
    if not candidates.size:
        return 0.0
    first = np.searchsorted(candidates, candidates - CLOCK_TOLERANCE, side="left")
    last = np.searchsorted(candidates, candidates + CLOCK_TOLERANCE, side="right")
    support = last - first
    best = np.flatnonzero(support == support.max())
    middle = best[np.abs(candidates[best]).argmin()]
    return float(np.median(candidates[first[middle] : last[middle]]))


def _scenes(pairs: Sequence[_Shots]) -> tuple[list[Row], list[_Shots]]:
    """Combine each target pair with the reference pair nearest in time; return the scenes and the pairs left over."""
    references = [pair for pair in pairs if pair.is_reference]
    targets = [pair for pair in pairs if not pair.is_reference]
    gaps = np.abs(np.subtract.outer([pair.a.time for pair in targets], [pair.a.time for pair in references]))
    matches = sorted(_nearest(gaps, LARGEST_GAP)) if references and targets else []
    rows: list[Row] = []
    for number, (i, j) in enumerate(matches, start=1):
        files: dict[Member, Path] = {
            ("reference", "A"): references[j].a.path,
            ("reference", "B"): references[j].b.path,
            ("target", "A"): targets[i].a.path,
            ("target", "B"): targets[i].b.path,
        }
        rows.append(Row(f"{number:03d}", files))
    matched = {id(pair) for i, j in matches for pair in (targets[i], references[j])}
    return rows, [pair for pair in pairs if id(pair) not in matched]


def _nearest(distances: np.ndarray, limit: float) -> list[tuple[int, int]]:
    """Match rows with columns one to one, the nearest first, up to a distance of ``limit``."""
    rows, columns = np.nonzero(distances <= limit)
    order = np.argsort(distances[rows, columns], kind="stable")
    free_rows, free_columns = set(range(distances.shape[0])), set(range(distances.shape[1]))
    matches = []
    for i, j in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
        if i in free_rows and j in free_columns:
            free_rows.remove(i)
            free_columns.remove(j)
            matches.append((i, j))
    return matches
