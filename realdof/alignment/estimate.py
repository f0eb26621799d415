"""The homography between the two cameras of the beam-splitter rig, from a reference pair, and whether to trust it."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from realdof.alignment.ecc import single_level_ecc
from realdof.alignment.pyramid import LumaPair, climb
from realdof.alignment.starts import FeatureMatch, Features, match_features, similarity_from_spectra
from realdof.alignment.tiles import (
    BAND_PASS_REACH,
    TileShifts,
    band_pass,
    fit_shift_model,
    is_structureless,
    self_similarity,
    tile_shifts,
)
from realdof.geometry.grid import Grid, change_grid, mirror, normalised
from realdof.geometry.warp import warp

Verdict = Literal["accepted", "doubtful", "rejected"]
Method = Literal["pyramid-ecc", "single-level-ecc", "sift"]

# Features, and the correlation that judges, are computed on a grid of at most this width: a quarter of 2376.
_COARSE_WIDTH = 594
_FEWEST_INLIERS = 15
_CLEAR_MAJORITY = 2
_FALL_BACK_MARGIN = 0.05

# Measured on simulated pairs: right alignments have 0.9 and more, with much texture 0.997; wrong ones 0.55 and less.
_SMALLEST_CORRELATION = 0.75
_FEWEST_TILES = 12
_PERIODIC = 0.85
_SMALLEST_MATCHED_SHARE = 0.5
_SMALLEST_OVERLAP = 0.4
_ACCEPTED_ERROR, _DOUBTFUL_ERROR = 0.15, 0.3
_WITHOUT_TEXTURE: tuple[Verdict, str] = "rejected", "there is too little texture to align by: noise only"


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
        Tiles of 64 px within the overlap; those with texture; those of them that show the same.
    estimated_error
        Corner error in px that the tiles' shifts suggest: the homography that is left in them plus two standard
        errors. ``None`` where too few tiles match to tell.
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
    scores = [_detail_correlation(coarse[c.mirrored], c.homography, pair.grid) for c in candidates]
    # Features alone are less exact: they win only where ECC went astray.
    ranks = [score - _FALL_BACK_MARGIN * (c.method == "sift") for score, c in zip(scores, candidates, strict=True)]
    winner = int(np.argmax(ranks))
    best = candidates[winner]
    return _judged(views[best.mirrored], coarse[best.mirrored], best, scores[winner], matches)


def _coarse_grid(grid: Grid) -> Grid:
    shrink = min(1.0, _COARSE_WIDTH / max(grid.height, grid.width))
    return Grid(round(grid.height * shrink), round(grid.width * shrink))


def _inliers(match: FeatureMatch | None) -> int:
    return match.inliers if match else 0


def _plausible(matches: dict[bool, FeatureMatch | None]) -> list[bool]:
    """Whether the moving image is mirrored; both where the features do not tell."""
    ways = sorted(matches, key=lambda way: _inliers(matches[way]), reverse=True)
    most = _inliers(matches[ways[0]])
    clear = most >= _FEWEST_INLIERS and most >= _CLEAR_MAJORITY * _inliers(matches[ways[-1]])
    return ways[:1] if clear else ways


def _candidates(
    pair: LumaPair, coarse: LumaPair, match: FeatureMatch | None, mirrored: bool, settings: AlignmentSettings
) -> list[_Candidate]:
    """What ECC makes of the starts, and the features' own homography as the fall-back."""
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


def _correlation(first: np.ndarray, second: np.ndarray, valid: np.ndarray) -> float:
    """Correlation coefficient over the valid pixels; 0 where there are too few or one image is flat."""
    if np.count_nonzero(valid) < 0.1 * valid.size:
        return 0.0
    a, b = (image[valid].astype(np.float64) for image in (first, second))
    a -= a.mean()
    b -= b.mean()
    return float((a @ b) / max(np.sqrt((a @ a) * (b @ b)), 1e-30))


def _detail_correlation(coarse: LumaPair, homography: np.ndarray, full: Grid) -> float:
    grid = coarse.grid
    border = BAND_PASS_REACH
    first, second = band_pass(coarse.reference), band_pass(coarse.moving)
    second[:border] = second[-border:] = np.nan
    second[:, :border] = second[:, -border:] = np.nan
    moved = change_grid(homography, full, grid)
    view = warp(second, moved, grid, interpolation=cv2.INTER_LINEAR, outside=float("nan"))
    valid = np.isfinite(view)
    valid[:border] = valid[-border:] = False
    valid[:, :border] = valid[:, -border:] = False
    return _correlation(first, view, valid)


def _judged(
    pair: LumaPair,
    coarse: LumaPair,
    best: _Candidate,
    detail_correlation: float,
    matches: dict[bool, FeatureMatch | None],
) -> Alignment:
    grid = pair.grid
    view = warp(pair.moving, best.homography, grid, interpolation=cv2.INTER_LINEAR, outside=float("nan"))
    valid = np.isfinite(view)
    correlation = _correlation(pair.reference, view, valid)
    view[~valid] = 0
    tiles = tile_shifts(pair.reference, view, valid=valid)
    model = fit_shift_model(tiles, grid)
    error = model.corner_shift + 2 * model.corner_error
    if detail_correlation < _SMALLEST_CORRELATION and is_structureless(pair.reference):
        verdict, reason = _WITHOUT_TEXTURE
    else:
        verdict, reason = _verdict(tiles, detail_correlation, error, self_similarity(coarse.reference))
    stored = mirror(grid) @ best.homography if best.mirrored else best.homography
    other = matches.get(not best.mirrored)
    return Alignment(
        homography=tuple((a, b, c) for a, b, c in normalised(stored).tolist()),
        mirrored=best.mirrored,
        method=best.method,
        start=best.start,
        iterations=best.iterations,
        correlation=correlation,
        detail_correlation=detail_correlation,
        inliers=_inliers(matches[best.mirrored]),
        inliers_other_way=_inliers(other) if len(matches) > 1 else None,
        tiles=int(tiles.within.sum()),
        textured_tiles=int(tiles.textured.sum()),
        matched_tiles=int(tiles.matched.sum()),
        estimated_error=error if np.isfinite(error) else None,
        verdict=verdict,
        reason=reason,
    )


def _verdict(tiles: TileShifts, detail_correlation: float, error: float, repetition: float) -> tuple[Verdict, str]:
    """The first thing that speaks against the alignment, in one sentence."""
    located, textured, matched = (int(mask.sum()) for mask in (tiles.located, tiles.textured, tiles.matched))
    if located < _FEWEST_TILES:
        return "rejected", f"there is too little texture to align by: in {located} of {tiles.peak.size} tiles"
    if repetition > _PERIODIC:
        return "rejected", f"the scene repeats itself (to {repetition:.0%}), so the shift is known only up to a period"
    if detail_correlation < _SMALLEST_CORRELATION:
        return "rejected", (
            "the photographs do not show the same scene, or it was not found: the correlation of their detail is "
            f"{detail_correlation:.2f}, right ones have {_SMALLEST_CORRELATION} and more"
        )
    if textured < _FEWEST_TILES:
        return "rejected", f"the photographs share too little texture: {textured} tiles of their overlap have any"
    if tiles.within.mean() < _SMALLEST_OVERLAP:
        return "rejected", f"the photographs overlap in {tiles.within.mean():.0%} of the frame only, as far as aligned"
    if matched < _SMALLEST_MATCHED_SHARE * textured:
        return "rejected", f"the photographs differ after alignment: only {matched} of {textured} textured tiles match"
    if not error <= _DOUBTFUL_ERROR:
        return "rejected", f"the corners are known to {error:.2f} px only, at most {_DOUBTFUL_ERROR} px would do"
    if error > _ACCEPTED_ERROR:
        return "doubtful", f"the corners are known to {error:.2f} px only, {_ACCEPTED_ERROR} px would be good"
    return "accepted", f"{matched} of {textured} textured tiles match, the corners are known to {error:.3f} px"
