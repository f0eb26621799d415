"""The command `ifan-bench deconvolve`: deblur a photograph with a known blur map."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from benchmark.commands.options import Device, asked_device
from realdof.common.console import stdout
from realdof.common.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

    from baselines.deconvolution.engine import Solver


SolverName = Literal["hyper-laplacian", "richardson-lucy", "wiener"]
"""The deconvolution algorithm for each blur level."""
KernelName = Literal["gaussian", "disc"]
"""Names in ``baselines.deconvolution.kernels.KERNELS``, for the command line."""
Mode = Literal["fast", "reference"]
"""How an image is composed from its blur levels."""
_PARAMETERS: dict[SolverName, dict[str, float]] = {
    "hyper-laplacian": {"--data-weight": 420.0, "--alpha": 2 / 3},
    "richardson-lucy": {"--iterations": 20},
    "wiener": {"--noise": 1e-2},
}
"""Each solver's options and their defaults."""


def deconvolve(
    image: Annotated[Path, typer.Argument(help="The defocused photograph: PNG, JPEG or TIFF, 8 or 16 bits.")],
    blur_map: Annotated[
        Path, typer.Option("--map", help="Its blur map: a grey image, read as s in [0, 1], or a .npy array of any s.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write: .png, .tiff or .jpg.")],
    scale: Annotated[
        float, typer.Option(help="sigma in px is scale x s + offset; EBDB's maps have 5, JNB's 4, one in px 1.")
    ] = 7.5,
    offset: Annotated[float, typer.Option(help="See --scale; 0 for EBDB's, JNB's and maps in px.")] = -0.5,
    kernel: Annotated[KernelName, typer.Option(help="Shape of the blur kernel with standard deviation sigma.")] = (
        "gaussian"
    ),
    solver: Annotated[SolverName, typer.Option(help="Deconvolution algorithm.")] = "hyper-laplacian",
    mode: Annotated[
        Mode,
        typer.Option(help="fast: in tiles, levels blended; reference: whole image at every level, as in the paper."),
    ] = "fast",
    data_weight: Annotated[
        float | None, typer.Option(help="hyper-laplacian: lambda, higher for less noise; 420, the paper's for CUHK.")
    ] = None,
    alpha: Annotated[
        float | None, typer.Option(help="hyper-laplacian: the prior's exponent; 2/3, the paper's comparison had 1.5.")
    ] = None,
    iterations: Annotated[int | None, typer.Option(help="richardson-lucy: number of iterations; 20.")] = None,
    noise: Annotated[
        float | None, typer.Option(help="wiener: variance of the noise / variance of the gradients; 0.01.")
    ] = None,
    device: Device = "auto",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an output that exists.")] = False,
) -> None:
    """Deblur a photograph whose blur is known at every pixel; the result has its size and bit depth."""
    import torch

    from realdof.common.machine.memory import keep_blocks
    from realdof.images.blur_maps import read_blur_map
    from realdof.images.depth import image_from_pixels, pixels_from_image
    from realdof.images.files import read_pixels, write_pixels

    keep_blocks()
    if output.exists() and not overwrite:
        raise InputError(f"{output} exists; give --overwrite to replace it")
    given = {"--data-weight": data_weight, "--alpha": alpha, "--iterations": iterations, "--noise": noise}
    chosen = _solver(solver, {option: value for option, value in given.items() if value is not None})
    device = asked_device(device)
    pixels = read_pixels(image)
    sigma = torch.from_numpy(read_blur_map(blur_map, scale, offset, (pixels.shape[0], pixels.shape[1])))
    stdout.print(f"sigma {float(sigma.min()):.2f} to {float(sigma.max()):.2f} px", highlight=False)
    there = image_from_pixels(pixels).to(device)
    bits: Literal[8, 16] = 8 if pixels.dtype.itemsize == 1 else 16
    try:
        result = _deconvolved(there, sigma.to(device), chosen, kernel, mode)
    except ValueError as error:
        raise InputError(f"{image} cannot be deconvolved by {blur_map}: {error}") from error
    write_pixels(output, pixels_from_image(result.cpu(), bits))


def _deconvolved(image: "Tensor", sigma: "Tensor", solver: "Solver", kernel: KernelName, mode: Mode) -> "Tensor":
    import torch

    from baselines.deconvolution.engine import deconvolve_fast, deconvolve_reference
    from baselines.deconvolution.kernels import KERNELS

    kernel_of, margin = KERNELS[kernel]
    with torch.inference_mode():
        if mode == "reference":
            return deconvolve_reference(image, sigma, solver, kernel_of)
        return deconvolve_fast(image, sigma, solver, kernel_of, margin=margin)


def _solver(name: SolverName, given: dict[str, float]) -> "Solver":
    """Return the solver with the given options, and defaults for the others.

    Raises
    ------
    InputError
        An option belongs to another solver.
    """
    from functools import partial

    from baselines.deconvolution import hyper_laplacian, richardson_lucy, wiener

    functions: dict[SolverName, Callable[..., Tensor]] = {
        "hyper-laplacian": hyper_laplacian.deconvolve,
        "richardson-lucy": richardson_lucy.deconvolve,
        "wiener": wiener.deconvolve,
    }
    for option in given:
        if option not in _PARAMETERS[name]:
            owner = next(solver for solver, options in _PARAMETERS.items() if option in options)
            raise InputError(f"{option} belongs to --solver {owner}, not to {name}; leave it out")
    chosen = {option.strip("-").replace("-", "_"): value for option, value in {**_PARAMETERS[name], **given}.items()}
    return partial(functions[name], **chosen)
