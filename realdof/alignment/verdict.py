"""Decide whether to trust an alignment, and give the first objection to it in one sentence.

The verdict depends on the estimated error at the corners and on its uncertainty. Before that come the cases in which
tiles are located precisely but wrongly: repetition, another scene, moving parts. Every threshold was measured on
right and on wrong pairs; docs/explanation/alignment.md has the tables and the commands.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from realdof.alignment.detail import is_structureless
from realdof.alignment.displacement import FEWEST_TILES, ShiftModel
from realdof.alignment.tiles import TileShifts

Verdict = Literal["accepted", "doubtful", "rejected"]

# Right alignments have at least 0.93, with much texture 0.997; another scene has at most 0.15, a wrong optimum 0.55.
_SMALLEST_CORRELATION = 0.75
# Simulated scenes have a self-similarity of 0.25, wallpapers of 0.99.
_PERIODIC = 0.85
# Of the tiles with texture, 96 % match in right pairs and 6 % in pairs of two scenes.
_SMALLEST_MATCHED_SHARE = 0.5
# The cameras of rigs share at least 69 % of the frame; no rig is misaligned so far that less than this remains.
_SMALLEST_OVERLAP = 0.4
# Chosen limits: 0.15 px costs 1 to 8 dB between the aligned photographs, depending on their noise; 0.3 px costs 3 to
# 14 dB. docs/explanation/alignment.md has the table, and the effect of halving and doubling each number here.
_ACCEPTED_ERROR, _DOUBTFUL_ERROR = 0.15, 0.3
# In right pairs a tile is off by at most 8 of its standard errors, on a moved object by 100 and more.
_MOVED_PX, _MOVED_ERRORS, _EXACT = 0.3, 12.0, 0.02
# If the noise allows such a correlation, the texture is clear enough that a displaced or unmatched tile means a change
# in the scene. With more noise, the highest peak of a tile with little texture may be anywhere.
_CLEAR_TEXTURE = 0.9
_MOVED_SHARE = 0.01
# Right pairs have at most 1.02; a motion blur of 5 px in one photograph gives 1.34.
_SHOOK = 1.1
# Equally sharp photographs have 0.996 to 1.009; blurred by Gaussians of 1 and 2 px they have 0.97.
_EQUALLY_SHARP = 0.985


@dataclass(frozen=True)
class Evidence:
    """The measurements that an alignment is judged by.

    Attributes
    ----------
    tiles, model
        Remaining displacement between the photographs in each tile, and the field fitted to it.
    detail_correlation
        Correlation coefficient of the band-passed photographs.
    repetition
        See ``self_similarity``.
    photograph
        Luma of the reference photograph, float32 (H, W).
    """

    tiles: TileShifts
    model: ShiftModel
    detail_correlation: float
    repetition: float
    photograph: np.ndarray

    @property
    def error(self) -> float | None:
        """Error, px, that no corner exceeds with 97.5 % confidence; ``None`` if too few tiles match."""
        bound = self.model.bound
        return bound if np.isfinite(bound) else None

    @property
    def structureless(self) -> bool:
        """Result of ``is_structureless``, which takes a while to compute."""
        return is_structureless(self.photograph)

    @property
    def agreement(self) -> float:
        """Median over the tiles with texture of their correlation, relative to the one that the noise allows."""
        tiles = self.tiles
        if not tiles.textured.any():
            return 0.0
        return float(np.median(tiles.peak[tiles.textured] / tiles.expected_peak[tiles.textured]))

    @property
    def shake(self) -> float:
        """How much more the photographs differ in sharpness along one direction than across it, a ratio; 1 if equally.

        It comes from the second moments of the gradients in matched tiles: the blur of a lens is round, the blur of a
        shaken camera is not.
        """
        used = self.tiles.matched
        if not used.any():
            return 1.0
        moments = [
            np.array([[xx, xy], [xy, yy]])
            for xx, xy, yy in (self.tiles.gradients[used].sum(axis=0), self.tiles.moving_gradients[used].sum(axis=0))
        ]
        ratios = np.linalg.eigvals(np.linalg.solve(moments[1], moments[0])).real
        return float(np.sqrt(ratios.max() / max(ratios.min(), 1e-12)))

    @property
    def worth_sharing_sharpness(self) -> bool:
        """Whether the photographs show one scene but differ by more than noise, which usually means in sharpness."""
        return self.detail_correlation >= _SMALLEST_CORRELATION and self.agreement < _EQUALLY_SHARP

    @property
    def moved_share(self) -> float:
        """Share of the tiles with texture that are displaced from the fitted field or show something else."""
        tiles = self.tiles
        residual = np.linalg.norm(tiles.shifts - self.model.at(tiles.centres), axis=-1)
        off = (residual > _MOVED_PX) & (residual > _MOVED_ERRORS * np.hypot(tiles.sure_error, _EXACT))
        clear = tiles.textured & (tiles.sure_peak >= _CLEAR_TEXTURE)
        return float((clear & (off | ~tiles.matched)).sum() / max(1, tiles.textured.sum()))


def judge(evidence: Evidence) -> tuple[Verdict, str]:
    """Return the verdict and its reason, one sentence without a full stop."""
    tiles, correlation, repetition = evidence.tiles, evidence.detail_correlation, evidence.repetition
    located, textured, matched = (int(mask.sum()) for mask in (tiles.located, tiles.textured, tiles.matched))
    if correlation < _SMALLEST_CORRELATION and evidence.structureless:
        return "rejected", "there is too little texture to align by: the photographs hold noise only"
    if located < FEWEST_TILES:
        return "rejected", f"there is too little texture to align by: {located} of {tiles.peak.size} tiles have any"
    if repetition > _PERIODIC:
        return "rejected", f"the scene repeats itself (to {repetition:.0%}), so the shift is known only up to a period"
    if correlation < _SMALLEST_CORRELATION:
        return "rejected", (
            "the photographs do not show the same scene, or it was not found: the correlation of their detail is "
            f"{correlation:.2f}, right ones have {_SMALLEST_CORRELATION} and more"
        )
    if textured < FEWEST_TILES:
        return "rejected", f"the photographs share too little texture: {textured} tiles of their overlap have any"
    if tiles.within.mean() < _SMALLEST_OVERLAP:
        return "rejected", f"the photographs overlap in {tiles.within.mean():.0%} of the frame only, as far as aligned"
    if matched < _SMALLEST_MATCHED_SHARE * textured:
        return "rejected", f"the photographs differ after alignment: only {matched} of {textured} textured tiles match"
    error = evidence.model.bound
    if not error <= _DOUBTFUL_ERROR:
        return "rejected", f"the corners are known to {error:.2f} px only, at most {_DOUBTFUL_ERROR} px would do"
    moved, shake = evidence.moved_share, evidence.shake
    if moved > _MOVED_SHARE:
        return "doubtful", f"{moved:.0%} of the scene moved between the two photographs, or is in one of them only"
    if shake > _SHOOK:
        return (
            "doubtful",
            f"one camera shook: the photographs' sharpness differs {shake:.1f} times more one way than across",
        )
    if error > _ACCEPTED_ERROR:
        return "doubtful", f"the corners are known to {error:.2f} px only, {_ACCEPTED_ERROR} px would be good"
    return "accepted", f"{matched} of {textured} textured tiles match, the corners are known to {error:.3f} px"
