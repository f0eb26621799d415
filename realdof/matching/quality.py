"""What is left after alignment: displacement, exposure, blur and clipping of a scene, and whether to keep it."""

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

# What half and twice of each number here does: docs/explanation/alignment.md (tests/performance/quality_numbers.py).
# px: four times the widest low-pass that the gain is estimated from (``photometry``).
_EXPOSURE_BLOCK = 128
# A block's exposure is compared if so much of it is neither clipped nor nearly black: both are choices. Half
# of a block is the least whose mean is the block's; below 1 % of white, noise clipped at black is much of the light.
_FEWEST_USABLE = 0.5
_DARKEST = 0.01

# Choices: 0.1 px costs 0.5 to 5 dB between the aligned photographs, by their noise; 0.3 px as for an alignment.
_DOUBTFUL_SHIFT, _REJECTED_SHIFT = 0.1, 0.3
# Choices: simulated scenes are left with 0.6 %, with vignetting, which is not corrected, 2.2 %.
_DOUBTFUL_EXPOSURE, _REJECTED_EXPOSURE = 0.03, 0.1
# A choice: half a stop, which is seen; the paper says nothing of vignetting.
_DOUBTFUL_FALLOFF = 0.3
# A choice above the 22 % of pixels with which exposures still match to 0.5 % (docs/explanation/exposure.md).
_DOUBTFUL_CLIPPED = 0.3


@dataclass(frozen=True)
class ResidualShift:
    """What displacement is left between the photographs of the aligned reference pair.

    Attributes
    ----------
    median, percentile_95
        Length of the displacement over the matched tiles, px; ``None`` if there is none. Noise of the measurement
        is included.
    corner
        Largest displacement at a corner of the homography that fits the tiles best, px.
    tiles, untextured_tiles, unmatched_tiles
        Tiles of 64 px; those without enough texture; those with texture that do not show the same.
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
    """What exposure difference is left in the target pair, in linear light.

    Attributes
    ----------
    error
        Red, green, blue: root mean square over the map, as a fraction; ``None`` if the map is empty.
    map
        Rows of columns of (red, green, blue): by what fraction the defocused image is brighter than the corrected
        all-in-focus image on blocks of 128 px; ``None`` where too much is clipped or black. Vignetting, which no gain
        corrects, shows here; so does defocus across the border of a block, a few percent where contrast is great.
    falloff
        By what fraction the corners of the defocused image are darker than the all-in-focus image's if their middles
        are equal: the vignetting that fits the map; ``None`` as above.
    remainder
        As ``error``, without that vignetting.
    """

    error: Channels | None
    map: tuple[tuple[Channels | None, ...], ...]
    falloff: float | None = None
    remainder: Channels | None = None


@dataclass(frozen=True)
class SceneQuality:
    """The figures of one scene; ``dataclasses.asdict`` of it is JSON.

    Attributes
    ----------
    residual_shift, residual_exposure
        See there.
    reference_psnr, reference_ssim
        PSNR over red, green and blue, dB, and SSIM of luma between the photographs of the aligned reference pair, after
        a correction of their own exposure difference by mean and contrast; PSNR is None for two equal photographs.
    blur_sigma
        Rows of columns on blocks of 32 px: the defocused image's blur against the all-in-focus image, as the standard
        deviation of a Gaussian in px; ``None`` where there is no texture.
    blur_median, blur_percentile_95
        Over that map, px; ``None`` if it is empty.
    clipped_defocused, clipped_all_in_focus
        Share of the pixels with a clipped channel.
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
    """Measure what is left in a scene after its alignment.

    Parameters
    ----------
    alignment
        Of the scene's reference pair.
    reference, reference_moved
        The reference pair: of the camera that takes the defocused images, and of the other one, warped.
    defocused, all_in_focus
        The target pair; the all-in-focus image warped and corrected in exposure.
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
    """Measure the displacement between two aligned photographs, float32 (H, W, 3), tile by tile."""
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
    """Compare the exposure of an aligned, corrected target pair, float32 (H, W, 3), block by block."""
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
    # In the middle and in the corners of the frame ``eccentricity`` is -1/3 and 2/3.
    return ResidualExposure(error, table, slope / (slope / 3 - 1), remainder)


def _similarity(reference: np.ndarray, moved: np.ndarray) -> tuple[float | None, float]:
    """PSNR over red, green and blue in dB and SSIM of luma, after the pair's own exposure correction."""
    from skimage.metrics import structural_similarity

    matched = apply_photometry(moved, fit_photometry(reference, moved, method="mean-std", pair="reference"))
    difference = matched - reference
    error = float(np.mean(difference * difference, dtype=np.float64))
    ssim = structural_similarity(luma(reference), luma(matched), data_range=1.0)
    return (-10 * np.log10(error) if error > 0 else None), float(ssim)


def _verdict(
    alignment: Alignment, shift: ResidualShift, exposure: ResidualExposure, clipped_share: float
) -> tuple[Verdict, str]:
    """The first thing that speaks against the scene, the worst things first."""
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
