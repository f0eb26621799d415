"""Estimate the homography between the two cameras of the rig from a reference pair, and judge whether to trust it."""

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

# Features and the detail correlation are computed on a grid of at most this width: a quarter of 2376 px.
_COARSE_WIDTH = 594
# Halving or doubling the width and these three leaves the verdicts the same (tests/performance/alignment_numbers.py).
_FEWEST_INLIERS = 15
_CLEAR_MAJORITY = 2
_FALL_BACK_MARGIN = 0.05


@dataclass(frozen=True)
class AlignmentSettings:
    """Settings of the alignment.

    Parameters
    ----------
    ecc_iterations
        ``None``, the default, runs ECC from coarse to fine (1/8, 1/4, 1/2, 1 with at most 60, 40, 25, 15 iterations). A
        number runs OpenCV's ECC with that many iterations on the full grid alone, starting from a similarity found in
        the Fourier spectra. The authors of RealBlur, whom the paper follows, used 300 with an ``ecc_epsilon`` of -1.
    ecc_epsilon
        Stop when the correlation coefficient changes by less than this; a negative value never stops early.
    mirrored
        Whether the moving camera sees the scene mirrored; ``None`` to detect it.
    """

    ecc_iterations: int | None = None
    ecc_epsilon: float = 1e-6
    mirrored: bool | None = None


@dataclass(frozen=True)
class Alignment:
    """The homography from the reference camera's image to the moving camera's, with the evidence for it.

    Attributes
    ----------
    homography
        Rows of the matrix from the reference grid to the moving camera's stored image on the same grid, half-pixel
        centres, the mirror included.
    mirrored
        Whether the moving image is mirrored.
    method
        ``sift`` if the homography of the features was better than ECC's result from every start.
    start
        Where the method started: ``identity``, ``sift`` or ``spectra``.
    iterations
        Number of ECC iterations over all levels, from the chosen start.
    correlation
        Correlation coefficient of the two photographs' luma after alignment, which ECC maximises.
    detail_correlation
        The same after a band-pass on a grid at most 594 px wide, which suppresses noise and vignetting; the verdict
        rejects alignments whose value is too low.
    inliers, inliers_other_way
        Number of SIFT features that agree on one homography with the mirror as found, and with the opposite; the latter
        is ``None`` if the settings gave the mirror.
    tiles, textured_tiles, matched_tiles
        Number of tiles of 64 px within the overlap (in small frames neighbours overlap by half), of those with texture,
        and of those with texture that match in both photographs.
    estimated_error
        Corner error, px, that is not exceeded with 97.5 % confidence, from the shifts that the tiles still show and
        their uncertainty. ``None`` if too few tiles match.
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
    """A candidate homography; if ``mirrored``, it refers to the flipped moving image."""

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
        uint8, uint16 or float32 in [0, 1], (H, W, 3), sRGB-encoded, of one size: from the camera that takes the
        defocused images, and from the one that takes the all-in-focus images.

    Returns
    -------
    Alignment
        Photographs that cannot be aligned also give one, with the verdict rejected and the reason.

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
    # Features alone are less exact: they are chosen only if ECC failed.
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
    """Return the mirror states to try: the one that the features suggest, or both if they do not decide."""
    ways = sorted(matches, key=lambda way: _inliers(matches[way]), reverse=True)
    most = _inliers(matches[ways[0]])
    clear = most >= _FEWEST_INLIERS and most >= _CLEAR_MAJORITY * _inliers(matches[ways[-1]])
    return ways[:1] if clear else ways


def _candidates(
    pair: LumaPair, coarse: LumaPair, match: FeatureMatch | None, mirrored: bool, settings: AlignmentSettings
) -> list[_Candidate]:
    """Return the candidates: ECC's result from the best start, and the features' own homography as a fallback."""
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
