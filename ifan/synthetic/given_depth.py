"""Scenes with known depth, such as from 3-D renderers, which are cut into surfaces at their depth edges."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ifan.synthetic.lens import LARGEST_RADIUS
from ifan.synthetic.rendering import Surfaces
from ifan.synthetic.surfaces import SceneStyle, develop
from realdof.common.arrays import read_npz
from realdof.common.errors import InputError
from realdof.images.depth import to_eight_bits
from realdof.images.files import read_pixels

MOST_SURFACES = 4
_LEVELS = 24
"""Number of blur radii that are tried as the border between two surfaces."""
_JUMP = 0.75
"""Smallest difference of the blur radius between neighbouring pixels that belong to different surfaces, px."""


@dataclass(frozen=True)
class DepthScenes:
    """Images with depth, all of one size.

    Parameters
    ----------
    images
        uint8 (N, 3, H, W), RGB, sRGB-encoded.
    nearness
        float16 (N, H, W): 1 / depth, 1 / m.
    boost
        uint8 (N, H, W): brightness above white, in sixteenths of a stop.
    """

    images: Tensor
    nearness: Tensor
    boost: Tensor

    def __len__(self) -> int:
        """Return the number of scenes."""
        return len(self.images)


def read_depth_scenes(folder: Path, device: torch.device) -> DepthScenes:
    """Read ``NAME.npz`` with ``depth`` in metres and ``image``, which may be ``NAME.jpg`` or ``NAME.png`` instead.

    The optional arrays ``highlight_index`` and ``highlight_rgb`` hold the linear light of pixels brighter than white.

    Raises
    ------
    InputError
        There is no scene, one cannot be read, or their sizes differ.
    """
    paths = sorted(folder.glob("*.npz"))
    if not paths:
        raise InputError(f"{folder} holds no scenes with depth (NAME.npz, maybe with NAME.jpg or NAME.png)")
    found = [_read(path) for path in paths]
    for path, (image, _, _) in zip(paths, found, strict=True):
        if image.shape != found[0][0].shape:
            height, width = found[0][0].shape[:2]
            raise InputError(f"{path} is {image.shape[1]}x{image.shape[0]} and {paths[0]} {width}x{height}; "
                             "give scenes of one size")  # fmt: skip
    images, nearness, boost = (torch.from_numpy(np.stack(part)) for part in zip(*found, strict=True))
    return DepthScenes(images.permute(0, 3, 1, 2).contiguous().to(device), nearness.to(device), boost.to(device))


def _read(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.float16], NDArray[np.uint8]]:
    stored = read_npz(path, "a scene with depth")
    if "depth" not in stored:
        raise InputError(f"{path} holds no array named depth, a distance in metres for every pixel")
    image = stored["image"] if "image" in stored else _picture_beside(path)
    _check_kinds(path, stored | {"image": image})
    depth = stored["depth"].astype(np.float32)
    if depth.shape != image.shape[:2] or not (depth > 0).all():
        raise InputError(f"{path} holds depth of shape {depth.shape} for an image of {image.shape}; give one positive "
                         "distance a pixel")  # fmt: skip
    boost = np.zeros(depth.size, np.uint8)
    if "highlight_index" in stored:
        index, colours = stored["highlight_index"], stored.get("highlight_rgb", np.empty(0))
        if colours.shape != (*index.shape, 3) or (index < 0).any() or (index >= depth.size).any():
            raise InputError(f"{path} holds highlights that do not fit its image; give an index and a colour for each")
        brightest = colours.astype(np.float32).max(axis=1)
        boost[index] = np.clip(np.rint(16 * np.log2(np.maximum(brightest, 1))), 0, 255)
    return image, (1 / depth).astype(np.float16), boost.reshape(depth.shape)


def _check_kinds(path: Path, stored: Mapping[str, np.ndarray]) -> None:
    kinds = {"image": "u", "depth": "f", "highlight_index": "iu", "highlight_rgb": "f"}
    for name, kind in kinds.items():
        array = stored.get(name)
        if array is not None and array.dtype.kind not in kind:
            raise InputError(f"{path} holds {array.dtype} at {name}; see ifan.synthetic.scenery for what belongs there")
    image = stored["image"]
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise InputError(f"{path} holds an image of {image.dtype} {image.shape}; give uint8 (H, W, 3)")


def _picture_beside(path: Path) -> NDArray[np.uint8]:
    for suffix in (".jpg", ".png"):
        beside = path.with_suffix(suffix)
        if beside.is_file():
            return to_eight_bits(read_pixels(beside))
    raise InputError(f"{path} holds no array named image, and there is no {path.stem}.jpg or .png beside it")


def surfaces_of_depth(
    scenes: DepthScenes, count: int, style: SceneStyle, size: int, random: np.random.Generator, key: int
) -> Surfaces:
    """Cut parts out of scenes, focus them at a random depth, and split them into surfaces that occlude each other.

    Parameters
    ----------
    size
        Side of the parts with their margins, px; at most the shorter side of the scenes.
    """
    height, width = scenes.images.shape[-2:]
    # Reducing by two anti-aliases the edges, as a sharp lens does.
    factor = 2 if 2 * size <= min(height, width) and random.random() < 0.6 else 1
    image, nearness, boost = _cut(scenes, count, factor * size, random)
    linear = develop(image, np.arange(count), count, style, random, key) * 2 ** (boost / 16)[:, None]
    radius = _focused(nearness, style, random)
    bounds = _bounds(radius)
    parts, scene, rank, lowest, highest = [], [], [], [], []
    for index, levels in enumerate(bounds):
        for place, (low, high) in enumerate(pairwise(levels)):
            parts.append(_surface(linear[index], radius[index], low, high, place == 0, place == len(levels) - 2))
            scene.append(index)
            rank.append(place)
            lowest.append(low)
            highest.append(high)
    colour, alpha, radii = (torch.stack(part) for part in zip(*parts, strict=True))
    if factor == 2:
        weight = functional.avg_pool2d(alpha[:, None], 2)
        covered = functional.avg_pool2d(alpha[:, None] * colour, 2) / weight.clamp(min=1e-3)
        colour = torch.where(weight > 1e-3, covered, functional.avg_pool2d(colour, 2))
        alpha, radii = weight[:, 0], functional.avg_pool2d(radii[:, None], 2)[:, 0]
    return Surfaces(colour, alpha, radii, scene, rank, lowest, highest)


def _cut(scenes: DepthScenes, count: int, side: int, random: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
    height, width = scenes.images.shape[-2:]
    images, nearness, boost = [], [], []
    for _ in range(count):
        index = int(random.integers(len(scenes)))
        top, left = int(random.integers(height - side + 1)), int(random.integers(width - side + 1))
        part = (slice(top, top + side), slice(left, left + side))
        turned: Callable[[Tensor], Tensor] = _turn(int(random.integers(2)), int(random.integers(4)))
        images.append(turned(scenes.images[(index, slice(None), *part)]))
        nearness.append(turned(scenes.nearness[(index, *part)]))
        boost.append(turned(scenes.boost[(index, *part)]))
    return torch.stack(images).float() / 255, torch.stack(nearness).float(), torch.stack(boost).float()


def _turn(mirrored: int, quarters: int) -> Callable[[Tensor], Tensor]:
    def turned(image: Tensor) -> Tensor:
        image = image.flip(-1) if mirrored else image
        return torch.rot90(image, quarters, (-2, -1))

    return turned


def _focused(nearness: Tensor, style: SceneStyle, random: np.random.Generator) -> Tensor:
    """Return signed blur radii of one lens: affine in nearness, zero at the depth of a random pixel."""
    count = len(nearness)
    flat = nearness.flatten(1)
    place = torch.from_numpy(random.integers(flat.shape[1], size=count)).to(nearness.device)
    focus = flat.gather(1, place[:, None])[:, :, None]
    behind = focus - nearness
    sharp = random.random(count) < style.sharp_share
    limits = np.log(style.smallest_radius), np.log(style.largest_radius)
    largest = np.where(sharp, random.uniform(0, 0.7, count), np.exp(random.uniform(*limits, count)))
    strongest = torch.from_numpy(largest.astype(np.float32)).to(nearness.device)[:, None, None]
    # If all parts of a scene are about equally far away, even a strong lens blurs little.
    reach = behind.abs().amax(dim=(1, 2), keepdim=True).clamp(min=1e-4)
    return (behind * strongest / reach).clamp(-LARGEST_RADIUS, LARGEST_RADIUS)


def _bounds(radius: Tensor) -> list[list[float]]:
    """Return the radii at which each scene is split into surfaces: those that the most jumps cross."""
    low, high = radius.amin(dim=(1, 2)), radius.amax(dim=(1, 2))
    step = ((high - low) / (_LEVELS + 1)).clamp(min=1e-9)
    jumps = _jumps(radius, low, step).cpu().numpy()
    side = radius.shape[-1]
    found = zip(jumps, step.tolist(), low.tolist(), high.tolist(), strict=True)
    return [
        [least, *(least + height * (level + 1) for level in _cuts(numbers, side)), most]
        for numbers, height, least, most in found
    ]


def _jumps(radius: Tensor, low: Tensor, step: Tensor) -> Tensor:
    """Count the jumps between pixels by the first and the last level that they cross: int64 (N, _LEVELS, _LEVELS)."""
    count, kinds = len(radius), _LEVELS * _LEVELS
    # Level k lies k + 1 steps above the lowest radius.
    place = torch.floor((radius - low[:, None, None]) / step[:, None, None]).long()
    scene = torch.arange(count, device=radius.device)[:, None, None] * kinds
    total = torch.zeros(count * kinds + 1, dtype=torch.int64, device=radius.device)
    for axis in (1, 2):
        length = radius.shape[axis] - 1
        one, other = radius.narrow(axis, 1, length), radius.narrow(axis, 0, length)
        before, after = place.narrow(axis, 1, length), place.narrow(axis, 0, length)
        first, last = torch.minimum(before, after), (torch.maximum(before, after) - 1).clamp(max=_LEVELS - 1)
        crossing = ((one - other).abs() > _JUMP) & (first <= last)
        kind = torch.where(crossing, scene + first * _LEVELS + last, count * kinds)
        total += torch.bincount(kind.flatten(), minlength=count * kinds + 1)
    return total[:-1].view(count, _LEVELS, _LEVELS)


def _cuts(jumps: NDArray[np.int64], side: int) -> list[int]:
    """Choose the levels to cut at, the one with the most jumps first; jumps that are cut no longer count."""
    left, cuts = jumps.copy(), list[int]()
    while len(cuts) < MOST_SURFACES - 1:
        crossed = [int(left[: level + 1, level:].sum()) for level in range(_LEVELS)]
        most = max(crossed)
        # Such a short edge occludes almost nothing.
        if most < side / 8:
            break
        # Of equally good levels the middle one is taken.
        best = [level for level, number in enumerate(crossed) if number == most]
        cuts.append(best[len(best) // 2])
        left[: cuts[-1] + 1, cuts[-1] :] = 0
    return sorted(cuts)


def _surface(
    linear: Tensor, radius: Tensor, low: float, high: float, nearest: bool, farthest: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Return colour (3, S, S), coverage and radius of the surface between two radii, continued behind nearer ones."""
    seen = radius >= low if not nearest else torch.ones_like(radius, dtype=torch.bool)
    own = seen & (radius < high) if not farthest else seen
    filled = _filled(torch.cat([linear, radius[None]]), own.float())
    colour, radii = filled[:3], filled[3].clamp(low, high)
    if farthest:
        return colour, torch.ones_like(radius), radii
    alpha = own.float()
    if not nearest:
        # Behind a nearer surface it continues where it dominates the surroundings.
        alpha = torch.where(seen, alpha, (_filled(alpha[None], seen.float())[0] > 0.5).float())
    return colour, alpha, radii


def _filled(values: Tensor, known: Tensor) -> Tensor:
    """Fill values (C, H, W) where ``known`` (H, W) is 0 with means of the nearest known values."""
    sums, weights = (values * known)[None], known[None, None]
    pyramid = []
    while min(sums.shape[-2:]) > 1:
        pyramid.append((sums, weights))
        sums = functional.avg_pool2d(sums, 2, ceil_mode=True)
        weights = functional.avg_pool2d(weights, 2, ceil_mode=True)
    result = sums / weights.clamp(min=1e-12)
    for sums, weights in reversed(pyramid):
        coarse = functional.interpolate(result, size=sums.shape[-2:], mode="bilinear", align_corners=False)
        result = torch.where(weights > 0, sums / weights.clamp(min=1e-12), coarse)
    return result[0]
