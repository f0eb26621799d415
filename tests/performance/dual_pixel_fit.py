"""Fit the halves of `ifan.synthetic.lens` to measured dual-pixel kernels; prints a Markdown table.

The folder holds ``blur_kernels_left.npy`` and ``blur_kernels_right.npy``: float (N, S, S), one kernel for each field of
the sensor, S odd, each with sum 1. They are calibrations of a camera out of focus, such as those that Xin et al. (ICCV
2021) published of a telephone. Each field gets a radius, a cut and its place, a ring, softness and a shift of its own;
the direction of the views is that of the four quarter turns that fits best.

Run it: python tests/performance/dual_pixel_fit.py FOLDER [--steps 30]
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ifan.synthetic.lens import REACH, Lenses, kernels, transfer
from realdof.common.errors import InputError

FITTED = ("split_width", "split_leak", "split_centre", "ring", "softness", "shift_x", "shift_y")
START = {"split_width": 0.6, "split_leak": 0.05, "softness": 0.7}
NAMES = ("radius", *FITTED)
STEP = 1e-2
"""Of the finite differences."""
BOUNDS = {"radius": (0.5, 60.0), "split_width": (0.02, 4.0), "split_leak": (0.0, 0.45), "softness": (0.0, 5.0)}


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=30)
    arguments = parser.parse_args()
    measured = read_kernels(arguments.folder)
    fits = {turn: fit(torch.rot90(measured, turn, (-2, -1)), max(1, arguments.steps // 4)) for turn in range(4)}
    turn = min(fits, key=lambda turn: float(fits[turn][2].median()))
    lenses, radius, error = fit(torch.rot90(measured, turn, (-2, -1)), arguments.steps)
    print(f"{len(radius)} fields, turned by {90 * turn} degrees; root mean square error in parts of the kernels' own: "
          f"{float(error.median()):.3f} (worst {float(error.max()):.3f})\n")  # fmt: skip
    print("| parameter | median | 5 % | 95 % |")
    print("| --- | --- | --- | --- |")
    for name, values in [("radius", radius), *((name, getattr(lenses, name)) for name in FITTED)]:
        low, middle, high = np.quantile(values.numpy(), (0.05, 0.5, 0.95))
        print(f"| {name} | {middle:.3f} | {low:.3f} | {high:.3f} |")


def read_kernels(folder: Path) -> Tensor:
    """Kernels of both halves: float32 (N, 2, S, S), each with sum 1.

    Raises
    ------
    InputError
        A file is missing or holds no kernels.
    """
    halves = []
    for name in ("left", "right"):
        path = folder / f"blur_kernels_{name}.npy"
        if not path.is_file():
            raise InputError(f"{path} is missing; give a folder with blur_kernels_left.npy and blur_kernels_right.npy")
        stored = np.load(path, allow_pickle=False).astype(np.float32)
        side = stored.shape[-1]
        if stored.ndim != 3 or stored.shape[1] != side or side % 2 == 0 or side > 2 * REACH + 1:
            raise InputError(f"{path} holds an array {stored.shape}, not (N, S, S) with S odd, {2 * REACH + 1} at most")
        halves.append(torch.from_numpy(stored / stored.sum(axis=(1, 2), keepdims=True)))
    return torch.stack(halves, dim=1)


def fit(measured: Tensor, steps: int) -> tuple[Lenses, Tensor, Tensor]:
    """Lenses, radii and errors of the fields, by damped least squares from a round aperture of the kernels' spread.

    Returns
    -------
    tuple
        Lenses (N,); radius, float32 (N,), px; error of each field, root mean square in parts of the kernels' own.
    """
    count, side = len(measured), measured.shape[-1]
    across, down = _centroid(measured)
    start = {name: torch.full((count,), START.get(name, 0.0)) for name in FITTED}
    start |= {"radius": _spread(measured), "shift_x": across, "shift_y": down}
    values = torch.stack([start[name] for name in NAMES], dim=1)
    scale = measured.square().sum(dim=(1, 2, 3)).sqrt()

    def residual(values: Tensor) -> Tensor:
        return ((_model(values, side) - measured).flatten(1)) / scale[:, None]

    damping = torch.full((count, 1), 1e-2)
    now = residual(values)
    for _ in range(steps):
        slopes = torch.stack(
            [(residual(_bounded(values + STEP * one)) - now) / STEP for one in torch.eye(len(NAMES))], 2
        )
        normal = slopes.transpose(1, 2) @ slopes
        normal = normal + torch.diag_embed(damping * (torch.diagonal(normal, dim1=1, dim2=2) + 1e-6))
        move = torch.linalg.solve(normal, -(slopes.transpose(1, 2) @ now[:, :, None]))[:, :, 0]
        tried = _bounded(values + move)
        after = residual(tried)
        better = (after.square().sum(dim=1) < now.square().sum(dim=1))[:, None]
        values, now = torch.where(better, tried, values), torch.where(better, after, now)
        damping = torch.where(better, damping / 3, damping * 4).clamp(1e-7, 1e7)
    lenses, radius = _lenses(values)
    return lenses, radius, now.square().sum(dim=1).sqrt()


def _bounded(values: Tensor) -> Tensor:
    low, high = (torch.tensor([BOUNDS.get(name, (-1e3, 1e3))[end] for name in NAMES]) for end in (0, 1))
    return torch.minimum(torch.maximum(values, low), high)


def _lenses(values: Tensor) -> tuple[Lenses, Tensor]:
    fitted = dict(zip(NAMES, values.unbind(dim=1), strict=True))
    radius = fitted.pop("radius")
    return replace(Lenses.ideal(len(values), values.device), **fitted), radius


def _model(values: Tensor, side: int) -> Tensor:
    """Green kernels of both halves, softened and shifted: (N, 2, side, side)."""
    lenses, radius = _lenses(values)
    reach = (side - 1) // 2
    size = side + 1
    green = torch.nn.functional.pad(kernels(lenses, radius, reach)[:, :, 1], (0, 1, 0, 1))
    spectra = torch.fft.rfft2(green) * transfer(lenses, size)[:, None]
    return torch.fft.irfft2(spectra, s=(size, size))[..., :side, :side]


def _centroid(measured: Tensor) -> tuple[Tensor, Tensor]:
    reach = (measured.shape[-1] - 1) // 2
    axis = torch.arange(-reach, reach + 1, dtype=torch.float32)
    whole = measured.mean(dim=1)
    return (whole.sum(dim=1) * axis).sum(dim=1), (whole.sum(dim=2) * axis).sum(dim=1)


def _spread(measured: Tensor) -> Tensor:
    """Radius of a disc whose variance is that of both halves together."""
    across, down = _centroid(measured)
    reach = (measured.shape[-1] - 1) // 2
    axis = torch.arange(-reach, reach + 1, dtype=torch.float32)
    whole = measured.mean(dim=1)
    x = (axis[None, None, :] - across[:, None, None]).square()
    y = (axis[None, :, None] - down[:, None, None]).square()
    # The mean squared distance from the centre of a disc is half of its radius squared.
    return (2 * (whole * (x + y)).sum(dim=(1, 2))).sqrt()


if __name__ == "__main__":
    main()
