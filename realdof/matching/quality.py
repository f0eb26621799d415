"""Measure a scene after alignment (displacement, exposure, blur, clipping), and decide whether to keep it."""

from dataclasses import dataclass

import numpy as np

from realdof.alignment.displacement import ShiftVector, fit_shift_model, matched_shifts
from realdof.alignment.estimate import Alignment
from realdof.alignment.tiles import tile_shifts
from realdof.alignment.verdict import Verdict
from realdof.geometry.grid import Grid
from realdof.images.colour import luma, srgb_to_linear
from realdof.images.resize import area_resize
from realdof.matching.blur import blur_map
from realdof.matching.photometry import Channels, apply_photometry, channels, clipped, eccentricity, fit_photometry

# docs/explanation/alignment.md has the effect of halving and doubling each number here
# (tests/performance/quality_numbers.py).
# px: four times the widest low-pass that the gain is estimated from (``photometry``).
_EXPOSURE_BLOCK = 128
# A block's exposure is compared if at least this share of it is unclipped and it is brighter than this. Both are
# chosen: less than half of a block does not represent it; below 1 % of white, noise clipped at black is much of the
# light.
_FEWEST_USABLE = 0.5
_DARKEST = 0.01

# Chosen: 0.1 px costs 0.5 to 5 dB between the aligned photographs, depending on their noise; 0.3 px as in `verdict`.
_DOUBTFUL_SHIFT, _REJECTED_SHIFT = 0.1, 0.3
# Chosen: in simulated scenes 0.6 % remains, and 2.2 % with vignetting, which is not corrected.
_DOUBTFUL_EXPOSURE, _REJECTED_EXPOSURE = 0.03, 0.1
# Chosen: half a stop, which is visible; the paper does not mention vignetting.
_DOUBTFUL_FALLOFF = 0.3
# Chosen above 22 %, a share at which exposures still match to 0.5 % (docs/explanation/exposure.md).
_DOUBTFUL_CLIPPED = 0.3


@dataclass(frozen=True)
class ResidualShift:
    """The remaining displacement between the photographs of the aligned reference pair.

    Attributes
    ----------
    median, percentile_95
        Length of the displacement over the matched tiles, including measurement noise, px; ``None`` if no tile is
        matched.
    corner
        Largest displacement at a corner according to the homography that fits the tiles best, px.
    tiles, untextured_tiles, unmatched_tiles
        Number of tiles of 64 px, of those without enough texture, and of those with texture that do not match.
    field
        The displacement of each matched tile.
    """

    median: float | None
    percentile_95: float | None
    corner: float | None
    tiles: int
    untextured_tiles: int
    unmatched_tiles: int
    field: tuple[ShiftVector, ...]

    @property
    def largest(self) -> float | None:
        """The largest of median, 95th percentile and corner, px; ``None`` if any of them is unknown."""
        if self.median is None or self.percentile_95 is None or self.corner is None:
            return None
        return max(self.median, self.percentile_95, self.corner)


@dataclass(frozen=True)
class ResidualExposure:
    """The remaining exposure difference in the target pair, in linear light.

    Attributes
    ----------
    error
        Root mean square over the map for red, green and blue, as a fraction; ``None`` if the map is empty.
    map
        Rows of columns of (red, green, blue): the fraction by which the defocused image is brighter than the corrected
        all-in-focus image in blocks of 128 px; ``None`` where too much is clipped or black. It includes vignetting,
        which no gain corrects, and light that defocus moves between blocks, a few percent where contrast is high.
    falloff
        Fraction by which the corners of the defocused image are darker than those of the all-in-focus image if their
        middles are equal: the vignetting fitted to the map; ``None`` if the map is empty.
    remainder
        Like ``error``, without that vignetting.
    """

    error: Channels | None
    map: tuple[tuple[Channels | None, ...], ...]
    falloff: float | None = None
    remainder: Channels | None = None


@dataclass(frozen=True)
class SceneQuality:
    """The measurements of one scene; ``dataclasses.asdict`` converts it to JSON-compatible values.

    Attributes
    ----------
    residual_shift, residual_exposure
        See `ResidualShift` and `ResidualExposure`.
    reference_psnr, reference_ssim
        PSNR over red, green and blue, dB, and SSIM of luma between the photographs of the aligned reference pair, after
        their own exposure difference was corrected by ``mean-std``; PSNR is None for two equal photographs.
    blur_sigma
        Rows of columns of blocks of 32 px: the defocused image's blur relative to the all-in-focus image, as the
        standard deviation of a Gaussian, px; ``None`` where there is no texture.
    blur_median, blur_percentile_95
        Median and 95th percentile of that map, px; ``None`` if it is empty.
    clipped_defocused, clipped_all_in_focus
        Share of pixels with a clipped channel.
    verdict, reason
        Whether to keep the scene, and one sentence that says why.
    """

    residual_shift: ResidualShift
    residual_exposure: ResidualExposure
    reference_psnr: float | None
    reference_ssim: float
    blur_sigma: tuple[tuple[float | None, ...], ...]
    blur_median: float | None
    blur_percentile_95: float | None
    clipped_defocused: float
    clipped_all_in_focus: float
    verdict: Verdict
    reason: str


def measure_quality(
    alignment: Alignment,
    *,
    reference: np.ndarray,
    reference_moved: np.ndarray,
    defocused: np.ndarray,
    all_in_focus: np.ndarray,
) -> SceneQuality:
    """Measure the quality of a scene after its alignment.

    Parameters
    ----------
    alignment
        Alignment of the scene's reference pair.
    reference, reference_moved
        The reference pair: from the camera that takes the defocused images, and from the other one, warped.
    defocused, all_in_focus
        The target pair; the all-in-focus image is warped and corrected in exposure.
        All four are float32 (H, W, 3) in [0, 1], sRGB-encoded, cropped to the valid region.
    """
    shift = residual_shift(reference, reference_moved)
    exposure = residual_exposure(defocused, all_in_focus)
    psnr, ssim = _similarity(reference, reference_moved)
    blur = blur_map(defocused, all_in_focus)
    shares = (float(clipped(defocused).mean()), float(clipped(all_in_focus).mean()))
    verdict, reason = _verdict(alignment, shift, exposure, max(shares))
    return SceneQuality(
        residual_shift=shift,
        residual_exposure=exposure,
        reference_psnr=psnr,
        reference_ssim=ssim,
        blur_sigma=tuple(tuple(_number(value) for value in row) for row in blur.sigma.tolist()),
        blur_median=blur.percentile(50),
        blur_percentile_95=blur.percentile(95),
        clipped_defocused=shares[0],
        clipped_all_in_focus=shares[1],
        verdict=verdict,
        reason=reason,
    )


def residual_shift(reference: np.ndarray, moved: np.ndarray) -> ResidualShift:
    """Measure the displacement between two aligned photographs, float32 (H, W, 3), in each tile."""
    tiles = tile_shifts(luma(reference), luma(moved))
    model = fit_shift_model(tiles, Grid.of(reference))
    lengths = np.linalg.norm(tiles.shifts[tiles.matched], axis=1)
    return ResidualShift(
        median=float(np.median(lengths)) if lengths.size else None,
        percentile_95=float(np.percentile(lengths, 95)) if lengths.size else None,
        corner=_number(model.corner_shift),
        tiles=tiles.peak.size,
        untextured_tiles=int((~tiles.textured).sum()),
        unmatched_tiles=int((tiles.textured & ~tiles.matched).sum()),
        field=matched_shifts(tiles),
    )


def residual_exposure(defocused: np.ndarray, all_in_focus: np.ndarray) -> ResidualExposure:
    """Compare the exposures of an aligned, corrected target pair, float32 (H, W, 3), in each block."""
    grid = Grid.of(defocused)
    rows, columns = max(1, round(grid.height / _EXPOSURE_BLOCK)), max(1, round(grid.width / _EXPOSURE_BLOCK))
    first, second = srgb_to_linear(defocused), srgb_to_linear(all_in_focus)
    usable = ~(clipped(defocused) | clipped(all_in_focus))
    weight = area_resize(usable.astype(np.float32), rows, columns)[..., None]
    light, other_light = (area_resize(image * usable[..., None], rows, columns) for image in (first, second))
    known = (weight[..., 0] >= _FEWEST_USABLE) & (np.minimum(light, other_light) >= _DARKEST * weight).all(axis=2)
    ratio = np.where(known[..., None], light / np.maximum(other_light, 1e-9) - 1, np.nan).astype(np.float64)
    table = tuple(
        tuple(channels(block) if good else None for block, good in zip(row, good_row, strict=True))
        for row, good_row in zip(ratio, known, strict=True)
    )
    if not known.any():
        return ResidualExposure(None, table)
    place = eccentricity(rows, columns)[known]
    place -= place.mean()
    slope = float(place @ ratio[known].mean(axis=1) / max(place @ place, 1e-12))
    even = ratio[known] - slope * place[:, None]
    error, remainder = (channels(np.sqrt((values**2).mean(axis=0))) for values in (ratio[known], even))
    # ``eccentricity`` is -1/3 in the middle of the frame and 2/3 in the corners.
    return ResidualExposure(error, table, slope / (slope / 3 - 1), remainder)


def _similarity(reference: np.ndarray, moved: np.ndarray) -> tuple[float | None, float]:
    """Return PSNR over red, green and blue, dB, and SSIM of luma, after the pair's own exposure correction."""
    from skimage.metrics import structural_similarity

    matched = apply_photometry(moved, fit_photometry(reference, moved, method="mean-std", pair="reference"))
    difference = matched - reference
    error = float(np.mean(difference * difference, dtype=np.float64))
    ssim = structural_similarity(luma(reference), luma(matched), data_range=1.0)
    return (-10 * np.log10(error) if error > 0 else None), float(ssim)


def _verdict(
    alignment: Alignment, shift: ResidualShift, exposure: ResidualExposure, clipped_share: float
) -> tuple[Verdict, str]:
    """Return the verdict and its reason: the first objection to the scene, with the worst ones checked first."""
    if alignment.verdict == "rejected":
        return "rejected", alignment.reason
    displacement = shift.largest
    if displacement is None:
        return (
            "rejected",
            f"no displacement could be measured: {shift.untextured_tiles} of {shift.tiles} tiles lack texture",
        )
    imbalance = max(exposure.remainder) if exposure.remainder else None
    if displacement > _REJECTED_SHIFT:
        return "rejected", f"the aligned reference pair is still displaced by {displacement:.2f} px"
    if imbalance is not None and imbalance > _REJECTED_EXPOSURE:
        return "rejected", f"the exposures of the target pair still differ by {imbalance:.1%}"
    if alignment.verdict == "doubtful":
        return "doubtful", alignment.reason
    if displacement > _DOUBTFUL_SHIFT:
        return "doubtful", f"the aligned reference pair is still displaced by {displacement:.2f} px"
    if imbalance is None:
        return "doubtful", "the exposures of the target pair cannot be compared: every part is clipped or black"
    if imbalance > _DOUBTFUL_EXPOSURE:
        return "doubtful", f"the exposures of the target pair still differ by {imbalance:.1%}"
    if exposure.falloff is not None and exposure.falloff > _DOUBTFUL_FALLOFF:
        return "doubtful", (
            f"the defocused image's corners are {exposure.falloff:.0%} darker than the all-in-focus image's: "
            "vignetting, which no gain corrects"
        )
    if clipped_share > _DOUBTFUL_CLIPPED:
        return "doubtful", f"{clipped_share:.0%} of the target pair's pixels are clipped"
    return "accepted", (
        f"the reference pair is displaced by {displacement:.3f} px at most, the exposures differ by {imbalance:.1%}"
    )


def _number(value: float) -> float | None:
    """Return None for NaN and infinity, which JSON does not have."""
    return value if np.isfinite(value) else None
