"""What the limits on a scene's quality and on texture rest on; prints Markdown tables.

1. What a displacement costs: PSNR between two photographs of one scene, the second displaced by so many px.
2. The texture of noise, surfaces and photographs: energy at broad scales as a share of that between noise and shading.
3. What is left in scenes of `realdof simulate`, and in some that are spoilt on purpose.
4. The same scenes, judged anew with each limit halved and doubled.

Run it: python tests/performance/quality_numbers.py [--pairs 6] [--scenes 12]
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
import skimage.data

sys.path.insert(0, str(Path(__file__).parents[1] / "realdof"))

from alignment_numbers import multiplied
from view_pairs import view_pair

from realdof.alignment import detail
from realdof.alignment.estimate import Alignment
from realdof.dataset.layout import Role
from realdof.dataset.manifest import SceneRecord, read_record
from realdof.geometry.grid import Grid, translation
from realdof.geometry.warp import warp_to_grid
from realdof.images.colour import linear_to_srgb, luma, srgb_to_linear
from realdof.images.depth import as_float
from realdof.images.files import read_pixels
from realdof.matching import quality
from realdof.matching.photometry import clipped
from realdof.matching.quality import ResidualShift
from realdof.pipeline import build_dataset
from realdof.raw.develop import develop_shot
from realdof.raw.exif import Exif
from realdof.raw.write import write_arw
from realdof.settings import Settings
from realdof.simulation.parameters import Simulation
from realdof.simulation.sensor import read_out
from realdof.simulation.simulate import simulate_captures

DISPLACEMENTS = (0.05, 0.1, 0.15, 0.3, 0.5)
VERDICTS = ("accepted", "doubtful", "rejected")
LIMITS = (
    "_DOUBTFUL_SHIFT",
    "_REJECTED_SHIFT",
    "_DOUBTFUL_EXPOSURE",
    "_REJECTED_EXPOSURE",
    "_DOUBTFUL_FALLOFF",
    "_DOUBTFUL_CLIPPED",
    "_EXPOSURE_BLOCK",
    "_FEWEST_USABLE",
    "_DARKEST",
)


@dataclass(frozen=True)
class Built:
    """A built scene: its alignment, its target pair and its reference pair, float32 (H, W, 3)."""

    alignment: Alignment
    source: np.ndarray
    target: np.ndarray
    fixed: np.ndarray
    moved: np.ndarray

    @cached_property
    def shift(self) -> ResidualShift:
        """What displacement is left in the reference pair."""
        return quality.residual_shift(self.fixed, self.moved)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=6)
    parser.add_argument("--scenes", type=int, default=12)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    print_cost_of_displacement(range(arguments.pairs))
    with tempfile.TemporaryDirectory() as folder:
        print_texture(Path(folder) / "flat.ARW")
        built = _built(Path(folder), arguments.scenes)
        print_left(built)
        print_limits(built)


def print_cost_of_displacement(seeds: Sequence[int]) -> None:
    """PSNR between two photographs of one scene, and by how much less a displacement makes it."""
    print("| noise at white | aligned, dB | " + " | ".join(f"{px} px" for px in DISPLACEMENTS) + " |")
    print("| --- " * (2 + len(DISPLACEMENTS)) + "|")
    for noise in (0.0, 0.003, 0.01, 0.03):
        rows = np.array([_psnr_displaced(seed, noise) for seed in seeds])
        costs = np.median(rows[:, :1] - rows[:, 1:], axis=0)
        print(
            f"| {noise:g} | {np.median(rows[:, 0]):.1f} | {' | '.join(f'{cost:.1f}' for cost in costs)} |", flush=True
        )


def _psnr_displaced(seed: int, noise: float) -> list[float]:
    pair = view_pair(seed, 396, 594, shift=20.0, perspective=3.0, noise=noise)
    grid = Grid.of(pair.reference)
    inner = slice(48, -48), slice(48, -48)
    values = []
    for px in (0.0, *DISPLACEMENTS):
        # The direction that the median of a random one has.
        moved = warp_to_grid(pair.moving, pair.homography @ translation(px / np.sqrt(2), px / np.sqrt(2)), grid)
        values.append(-10 * np.log10(np.mean((np.clip(moved, 0, 1) - pair.reference)[inner] ** 2, dtype=np.float64)))
    return values


def print_texture(path: Path) -> None:
    """The share that ``is_structureless`` compares, with its scales as they are, halved and doubled."""
    random = np.random.default_rng(0)
    light = np.full((1064, 1600), 0.2)
    write_arw(path, read_out(light, 8000.0, random), Exif(), (2.0, 1.0, 1.5))
    surfaces = {
        "noise, half-size": as_float(develop_shot(path, None, "half-size").reduced(1).pixels),
        "noise, ahd": as_float(develop_shot(path, None, "ahd").reduced(1).pixels),
        **{name: as_float(getattr(skimage.data, name)()) for name in ("gravel", "grass", "brick")},
        **{name: as_float(getattr(skimage.data, name)()) for name in ("astronaut", "coffee", "chelsea", "rocket")},
    }
    print(f"\n| | {' | '.join(surfaces)} |\n" + "| --- " * (1 + len(surfaces)) + "|")
    first, second = detail._BROAD_SCALES
    for factor in (0.5, 1.0, 2.0):
        shares = []
        for image in surfaces.values():
            grey = luma(image) if image.ndim == 3 else image
            broad, broader = (cv2.GaussianBlur(grey, (0, 0), factor * scale) for scale in (first, second))
            inner = slice(detail.BAND_PASS_REACH, -detail.BAND_PASS_REACH)
            shares.append((broad - broader)[inner, inner].var() / detail.band_pass(grey)[inner, inner].var())
        print(
            f"| {factor * first:g} to {factor * second:g} px | {' | '.join(f'{s:.3f}' for s in shares)} |", flush=True
        )


def _built(folder: Path, scenes: int) -> dict[str, list[Built]]:
    """Scenes as `realdof simulate` makes them, with vignetting, and a third of the first spoilt on purpose."""
    found: dict[str, list[Built]] = {}
    for name, count, vignetting in (("default", scenes, False), ("vignetting", scenes // 2, True)):
        captures, out = folder / name, folder / f"{name}-built"
        list(simulate_captures(captures, count, Simulation(size="small", seed=7, vignetting=vignetting)))
        manifest = build_dataset(captures, out, Settings())
        found[name] = [_read(out, read_record(out, scene.name)) for scene in manifest.scenes]
    some = found["default"][: scenes // 3]
    found["displaced by 0.15 px"] = [replace(one, moved=_displaced(one.moved, 0.15)) for one in some]
    found["brighter by 9 % on the left, darker on the right"] = [
        replace(one, target=_light_times(one.target, np.linspace(1.09, 0.91, one.target.shape[1])[:, None]))
        for one in some
    ]
    found["40 % clipped"] = [_overexposed(one, 0.4) for one in some]
    return found


def _read(out: Path, record: SceneRecord) -> Built:
    roles = (Role.SOURCE, Role.TARGET, Role.REFERENCE_FIXED, Role.REFERENCE_MOVED)
    images = [as_float(read_pixels(out / record.outputs[role].file)) for role in roles]
    assert record.alignment is not None
    return Built(record.alignment, *images)


def _displaced(image: np.ndarray, px: float) -> np.ndarray:
    return np.clip(warp_to_grid(image, translation(px, 0), Grid.of(image)), 0, 1)


def _light_times(image: np.ndarray, factor: np.ndarray | float) -> np.ndarray:
    return np.clip(linear_to_srgb(srgb_to_linear(image) * factor), 0, 1).astype(np.float32)


def _overexposed(one: Built, share: float) -> Built:
    gain = 1 / float(np.quantile(srgb_to_linear(one.target).max(axis=2), 1 - share))
    return replace(one, source=_light_times(one.source, gain), target=_light_times(one.target, gain))


def print_limits(built: dict[str, list[Built]]) -> None:
    """Verdicts on the built scenes with each limit halved and doubled."""
    print(f"\n| limit | value | {' | '.join(f'{name} ({len(scenes)})' for name, scenes in built.items())} |")
    print("| --- " * (2 + len(built)) + "|")
    print(f"| all | as they are | {_verdicts(built)} |", flush=True)
    for name in LIMITS:
        for factor in (0.5, 2.0):
            with multiplied(quality, name, factor) as value:
                print(f"| {name.strip('_')} | {value} | {_verdicts(built)} |", flush=True)


def _verdicts(built: dict[str, list[Built]]) -> str:
    cells = []
    for scenes in built.values():
        counts: Counter[str] = Counter()
        for one in scenes:
            exposure = quality.residual_exposure(one.source, one.target)
            share = max(float(clipped(image).mean()) for image in (one.source, one.target))
            counts[quality._verdict(one.alignment, one.shift, exposure, share)[0]] += 1
        cells.append(", ".join(f"{counts[name]} {name}" for name in VERDICTS if counts[name]))
    return " | ".join(cells)


def print_left(built: dict[str, list[Built]]) -> None:
    """What is left in the scenes as they are: the largest of each figure that a limit is held against."""
    print("\n| scenes | displacement, px | exposure | vignetting | clipped |\n" + "| --- " * 5 + "|")
    for name, scenes in built.items():
        exposures = [quality.residual_exposure(one.source, one.target) for one in scenes]
        figures = (
            f"{max(one.shift.largest or np.nan for one in scenes):.3f}",
            f"{max(max(exposure.remainder or (np.nan,)) for exposure in exposures):.1%}",
            f"{max(exposure.falloff or 0 for exposure in exposures):.1%}",
            f"{max(float(clipped(image).mean()) for one in scenes for image in (one.source, one.target)):.1%}",
        )
        print(f"| {name} ({len(scenes)}) | {' | '.join(figures)} |", flush=True)


if __name__ == "__main__":
    main()
