"""Deconvolution with a map of blur against a whole-image FFT deconvolution for each level of blur.

scikit-image's photographs, side by side, are blurred by a smooth map and stored in 8 bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from skimage import data
from torch import Tensor

from baselines.deconvolution import hyper_laplacian
from baselines.deconvolution.engine import deconvolve_fast, deconvolve_reference, levels_of
from baselines.deconvolution.kernels import gaussian_kernel
from realdof.common.machine.memory import keep_blocks
from tests.performance.suite.measurement import Line, Measurement, Spent, in_turns

CELL, BORDER = 560, 60
LARGEST_SIGMA = 3.0
DATA_WEIGHT, ALPHAS = 420.0, (1.5, 2 / 3)


def measure(quick: bool) -> Iterator[Line]:
    """Lines a size, exponent of the prior and mode of ours: the authors' evaluation had 1.5, the prior's paper 2/3."""
    keep_blocks()
    if quick:
        yield from _compared(CELL // 4, ALPHAS[0], ("float32",))
        return
    # At the full size the peers take a minute and more, which leaves no time for turns.
    yield from _compared(CELL, ALPHAS[0], ("float32",))
    yield from _compared(CELL // 2, ALPHAS[0], ("float32", "float64"))
    yield from _compared(CELL // 2, ALPHAS[1], ("float32",), 3)


def _compared(cell: int, alpha: float, peers: tuple[str, ...], rounds: int = 1) -> Iterator[Line]:
    sharp = photographs(cell)
    sigma = blur_map(*sharp.shape[:2])
    truth, defocused = (torch.from_numpy(p).permute(2, 0, 1).contiguous() for p in (sharp, blur(sharp, sigma)))
    blurs = torch.from_numpy(sigma)
    solver = partial(hyper_laplacian.deconvolve, data_weight=DATA_WEIGHT, alpha=alpha)
    slow: dict[str, Callable[[], Tensor]] = {
        "float32": partial(level_by_level, defocused, blurs, solver),
        "float64": partial(deconvolve_reference, defocused, blurs, solver),
    }
    forms: dict[str, Callable[[], Tensor]] = {
        "floor": partial(solver, defocused, gaussian_kernel(float(sigma.mean())).float()),
        "ours": partial(deconvolve_fast, defocused, blurs, solver),
        "ours, unblended": partial(deconvolve_fast, defocused, blurs, solver, blend=False),
        **{name: slow[name] for name in peers},
    }
    found: dict[str, Tensor] = {}

    def keep(name: str, form: Callable[[], Tensor]) -> None:
        found[name] = form()

    # The first turn of what takes so long is as slow as any other.
    spent = in_turns({name: partial(keep, name, form) for name, form in forms.items()}, rounds, warm=0)
    yield from _lines(f"{sharp.shape[1]}x{sharp.shape[0]}, alpha {alpha:.3g}", spent, found, truth, peers)


def _lines(
    what: str, spent: dict[str, Spent], found: dict[str, Tensor], truth: Tensor, peers: tuple[str, ...]
) -> Iterator[Measurement]:
    names = {
        "float32": "every level over the whole image, float32",
        "float64": "every level over the whole image, float64, with tapered borders, a channel at a time",
    }
    for peer in peers:
        for mode in ("ours", "ours, unblended"):
            apart, ours, theirs = (
                psnr(found[mode], found[peer]), psnr(found[mode], truth), psnr(found[peer], truth)
            )  # fmt: skip
            yield Measurement(
                "deconvolution", what if mode == "ours" else f"{what}, levels not blended", spent[mode], spent[peer],
                spent["floor"],
                f"peer: {names[peer]}; floor: one level over the whole image; {apart:.1f} dB apart inside; to the "
                f"truth {ours:.2f} dB, peer {theirs:.2f} dB",
            )  # fmt: skip


def level_by_level(image: Tensor, blurs: Tensor, solver: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """What one writes first: deconvolve the whole image at each of the levels, and pick at each pixel."""
    result = torch.empty_like(image)
    for sigma, share in levels_of(blurs).weights(blend=False):
        kernel = gaussian_kernel(sigma).to(image)
        solved = image if kernel.numel() == 1 else solver(image, kernel)
        result = torch.where(share > 0, solved, result)
    return result


def photographs(cell: int) -> NDArray[np.float32]:
    """Six photographs side by side, float32 (2 cells, 3 cells, 3) in [0, 1]."""
    names = (data.astronaut, data.coffee, data.stereo_motorcycle, data.rocket, data.chelsea, data.hubble_deep_field)
    cells = []
    for load in names:
        pixels = load()
        pixels = pixels[0] if isinstance(pixels, tuple) else pixels
        pixels = pixels[:cell, :cell]
        missing = [(0, cell - side) for side in pixels.shape[:2]]
        cells.append(np.pad(pixels, [*missing, (0, 0)], mode="symmetric"))
    rows = [np.concatenate(cells[start : start + 3], axis=1) for start in (0, 3)]
    return np.concatenate(rows).astype(np.float32) / 255


def blur_map(height: int, width: int) -> NDArray[np.float64]:
    """A smooth map of sigma, px, from 0.24 to `LARGEST_SIGMA`, in the 121 steps that an 8-bit defocus map has."""
    noise = np.random.default_rng(0).normal(size=(height, width))
    smooth = cv2.GaussianBlur(noise, (0, 0), height / 10, borderType=cv2.BORDER_REFLECT)
    # Ranks make every sigma as frequent as any other.
    ranks = smooth.ravel().argsort().argsort().reshape(height, width) / (height * width - 1)
    return 0.24 + np.round(ranks * 120) / 120 * (LARGEST_SIGMA - 0.24)


def blur(sharp: NDArray[np.float32], sigma: NDArray[np.float64]) -> NDArray[np.float32]:
    """Blur by a Gaussian of each pixel's sigma, interpolated between 57 of them, and round to 8 bits."""
    levels = np.linspace(sigma.min(), sigma.max(), 57)
    blurred = np.zeros_like(sharp)
    for level in levels:
        share = np.clip(1 - np.abs(sigma - level) / (levels[1] - levels[0]), 0, 1).astype(np.float32)
        blurred += share[..., None] * cv2.GaussianBlur(sharp, (0, 0), level, borderType=cv2.BORDER_REFLECT)
    return np.round(blurred.clip(0, 1) * 255) / np.float32(255)


def psnr(a: Tensor, b: Tensor) -> float:
    """PSNR in dB inside the border, both clipped to [0, 1]."""
    inside = (..., slice(BORDER, -BORDER), slice(BORDER, -BORDER))
    error = (a[inside].clamp(0, 1) - b[inside].clamp(0, 1)).square().mean()
    return -10 * torch.log10(error).item()
