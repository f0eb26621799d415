"""The homography between the two cameras of the beam-splitter rig, from a reference pair, and whether to trust it."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from realdof.alignment.agreement import correlation, detail_correlation
from realdof.alignment.detail import self_similarity
from realdof.alignment.displacement import fit_shift_model
from realdof.alignment.ecc import single_level_ecc
from realdof.alignment.pyramid import LumaPair, climb
from realdof.alignment.sharpness import equally_sharp
from realdof.alignment.starts import FeatureMatch, Features, match_features, similarity_from_spectra
from realdof.alignment.tiles import tile_shifts
from realdof.alignment.verdict import Evidence, Verdict, judge
from realdof.common.machine.opencv import cv2
from realdof.geometry.grid import Grid, change_grid, mirror, normalised
from realdof.geometry.warp import warp

Method = Literal["pyramid-ecc", "single-level-ecc", "sift"]

# Features, and the correlation that judges, are computed on a grid of at most this width: a quarter of 2376.
_COARSE_WIDTH = 594
# Halved or doubled, the width and these three give the same verdicts (tests/performance/alignment_numbers.py).
_FEWEST_INLIERS = 15
_CLEAR_MAJORITY = 2
_FALL_BACK_MARGIN = 0.05


@dataclass(frozen=True)
class AlignmentSettings:
    """How to align.

    Parameters
    ----------
    ecc_iterations
        ``None``, the default, climbs a pyramid (1/8, 1/4, 1/2, 1 with at most 60, 40, 25, 15 iterations). A number
        runs OpenCV's ECC so often on the full grid alone, from a similarity found in the Fourier spectra: 300 with
        an ``ecc_epsilon`` of -1 is what the authors of RealBlur did, whom the paper follows.
    ecc_epsilon
        Stop when the correlation coefficient changes by less; a negative one never stops early.
    mirrored
        Whether the moving camera sees the scene mirrored; ``None`` finds out.
    """

    ecc_iterations: int | None = None
    ecc_epsilon: float = 1e-6
    mirrored: bool | None = None


@dataclass(frozen=True)
class Alignment:
    """Where the moving camera sees what the reference camera sees, and how sure that is.

    Attributes
    ----------
    homography
        Rows of the matrix from the reference grid to the moving camera's stored image on the same grid, half-pixel
        centres, the mirror included.
    mirrored
        Whether the moving image is mirrored.
    method
        ``sift`` where the features' homography was better than what ECC made of any start.
    start
        What the method began with: ``identity``, ``sift`` or ``spectra``.
    iterations
        Iterations of ECC over all levels, of the start that won.
    correlation
        Correlation coefficient of the two photographs' luma after alignment, which ECC maximises.
    detail_correlation
        The same after a band-pass on a grid 594 px wide, where neither noise nor vignetting counts: the gate.
    inliers, inliers_other_way
        SIFT features that agree on one homography with the mirror as found, and with the opposite; ``None`` if the
        settings said which.
    tiles, textured_tiles, matched_tiles
        Tiles of 64 px within the overlap (in small frames neighbours overlap by half); those with texture; those of
        them that show the same.
    estimated_error
        Corner error in px that is not exceeded, to 97.5 %: the homography that is left in the tiles' shifts, and its
        uncertainty. ``None`` where too few tiles match to tell.
    verdict, reason
        Whether the homography may be used, and one sentence that says why.
    """

    homography: tuple[tuple[float, float, float], ...]
    mirrored: bool
    method: Method
    start: str
    iterations: int
    correlation: float
    detail_correlation: float
    inliers: int
    inliers_other_way: int | None
    tiles: int
    textured_tiles: int
    matched_tiles: int
    estimated_error: float | None
    verdict: Verdict
    reason: str

    @property
    def matrix(self) -> np.ndarray:
        """The homography as float64 (3, 3)."""
        return np.array(self.homography)


@dataclass(frozen=True)
class _Candidate:
    """``homography`` holds for the moving image as ``mirrored`` says: flipped, if it is mirrored."""

    homography: np.ndarray
    mirrored: bool
    method: Method
    start: str
    iterations: int


def estimate_homography(reference: np.ndarray, moving: np.ndarray, settings: AlignmentSettings) -> Alignment:
    """Align the two photographs of a reference pair, both taken at F16.

    Parameters
    ----------
    reference, moving
        uint8, uint16 or float32 in [0, 1], (H, W, 3), sRGB-encoded, of one size: of the camera that takes the
        defocused images, and of the one that takes the all-in-focus images.

    Returns
    -------
    Alignment
        Always: photographs that cannot be aligned give a rejected one with its reason.

    Raises
    ------
    ValueError
        The photographs differ in size, or a side is shorter than 128 px.

    References
    ----------
    IFAN's supplement, section 1; Rim et al., RealBlur, ECCV 2020; Evangelidis and Psarakis, TPAMI 30 (10), 2008.
    """
    if reference.shape != moving.shape or min(reference.shape[:2]) < 128:
        raise ValueError(f"photographs of {reference.shape} and {moving.shape} are unequal or below 128 px")
    pair = LumaPair.of(reference, moving)
    views = {False: pair, True: pair.flipped}
    ways = (False, True) if settings.mirrored is None else (settings.mirrored,)
    coarse = {way: views[way].coarser(_coarse_grid(pair.grid)) for way in ways}
    features = Features.of(coarse[ways[0]].reference)
    matches = {way: match_features(features, Features.of(coarse[way].moving)) for way in ways}
    candidates = [
        candidate
        for way in _plausible(matches)
        for candidate in _candidates(views[way], coarse[way], matches[way], way, settings)
    ]
    scores = [detail_correlation(coarse[c.mirrored], c.homography, pair.grid) for c in candidates]
    # Features alone are less exact: they win only where ECC went astray.
    ranks = [score - _FALL_BACK_MARGIN * (c.method == "sift") for score, c in zip(scores, candidates, strict=True)]
    winner = int(np.argmax(ranks))
    best = candidates[winner]
    view, coarse_view = views[best.mirrored], coarse[best.mirrored]
    evidence = _evidence(view, coarse_view, best.homography, scores[winner])
    if settings.ecc_iterations is None and evidence.worth_sharing_sharpness:
        best, evidence = _at_equal_sharpness(view, coarse_view, best, evidence, settings)
    return _alignment(view, best, evidence, matches)


def _coarse_grid(grid: Grid) -> Grid:
    shrink = min(1.0, _COARSE_WIDTH / max(grid.height, grid.width))
    return Grid(round(grid.height * shrink), round(grid.width * shrink))


def _inliers(match: FeatureMatch | None) -> int:
    return match.inliers if match else 0


def _plausible(matches: dict[bool, FeatureMatch | None]) -> list[bool]:
    """Mirror states to try: the one that the features suggest, or both if they do not decide."""
    ways = sorted(matches, key=lambda way: _inliers(matches[way]), reverse=True)
    most = _inliers(matches[ways[0]])
    clear = most >= _FEWEST_INLIERS and most >= _CLEAR_MAJORITY * _inliers(matches[ways[-1]])
    return ways[:1] if clear else ways


def _candidates(
    pair: LumaPair, coarse: LumaPair, match: FeatureMatch | None, mirrored: bool, settings: AlignmentSettings
) -> list[_Candidate]:
    """Candidates: ECC's result from each start, then the features' own homography as a fallback."""
    similarity = similarity_from_spectra(coarse.reference, coarse.moving)
    starts = {"identity": np.eye(3)}
    if similarity is not None:
        starts["spectra"] = change_grid(similarity, coarse.grid, pair.grid)
    if settings.ecc_iterations is not None:
        name, start = list(starts.items())[-1]
        result = single_level_ecc(
            pair.reference, pair.moving, start, iterations=settings.ecc_iterations, epsilon=settings.ecc_epsilon
        )
        return [_Candidate(result.homography, mirrored, "single-level-ecc", name, result.iterations)]
    if match is not None:
        starts["sift"] = change_grid(match.homography, coarse.grid, pair.grid)
    climbed = climb(pair, starts, epsilon=settings.ecc_epsilon)
    found = [_Candidate(climbed.result.homography, mirrored, "pyramid-ecc", climbed.start, climbed.iterations)]
    if match is not None and match.inliers >= _FEWEST_INLIERS:
        found.append(_Candidate(starts["sift"], mirrored, "sift", "sift", 0))
    return found


def _evidence(pair: LumaPair, coarse: LumaPair, homography: np.ndarray, detail: float) -> Evidence:
    grid = pair.grid
    view = warp(pair.moving, homography, grid, interpolation=cv2.INTER_LINEAR, outside=float("nan"))
    valid = np.isfinite(view)
    view[~valid] = 0
    tiles = tile_shifts(pair.reference, view, valid=valid)
    model = fit_shift_model(tiles, grid)
    return Evidence(tiles, model, detail, self_similarity(coarse.reference), pair.reference)


def _at_equal_sharpness(
    pair: LumaPair, coarse: LumaPair, best: _Candidate, evidence: Evidence, settings: AlignmentSettings
) -> tuple[_Candidate, Evidence]:
    """Align again with the sharper photograph blurred; keep that result if its corner error is smaller."""
    equal = equally_sharp(pair, best.homography)
    climbed = climb(equal, {best.start: best.homography}, epsilon=settings.ecc_epsilon)
    homography = climbed.result.homography
    detail = detail_correlation(equal.coarser(coarse.grid), homography, pair.grid)
    again = _evidence(equal, coarse, homography, detail)
    if not again.model.bound < evidence.model.bound:
        return best, evidence
    return replace(best, homography=homography, iterations=best.iterations + climbed.iterations), again


def _alignment(
    pair: LumaPair, best: _Candidate, evidence: Evidence, matches: dict[bool, FeatureMatch | None]
) -> Alignment:
    grid = pair.grid
    view = warp(pair.moving, best.homography, grid, interpolation=cv2.INTER_LINEAR, outside=float("nan"))
    stored = mirror(grid) @ best.homography if best.mirrored else best.homography
    other = matches.get(not best.mirrored)
    verdict, reason = judge(evidence)
    return Alignment(
        homography=tuple((a, b, c) for a, b, c in normalised(stored).tolist()),
        mirrored=best.mirrored,
        method=best.method,
        start=best.start,
        iterations=best.iterations,
        correlation=correlation(pair.reference, view, np.isfinite(view)),
        detail_correlation=evidence.detail_correlation,
        inliers=_inliers(matches[best.mirrored]),
        inliers_other_way=_inliers(other) if len(matches) > 1 else None,
        tiles=int(evidence.tiles.within.sum()),
        textured_tiles=int(evidence.tiles.textured.sum()),
        matched_tiles=int(evidence.tiles.matched.sum()),
        estimated_error=evidence.error,
        verdict=verdict,
        reason=reason,
    )
