"""Write a program's input images and read its outputs."""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from baselines.command.program import Program, ProgramError
from benchmark.method import (
    Image,
    Sample,
)
from realdof.common.errors import InputError
from realdof.images.depth import image_from_pixels, pixels_from_image
from realdof.images.files import read_pixels, write_pixels


def write_all(samples: Iterable[Sample], program: Program, folder: Path) -> set[str]:
    """Write the views that a program needs for many samples; return the samples' names."""
    names = set()
    for sample in samples:
        write_inputs(sample, program, folder)
        names.add(sample.name)
    return names


def write_inputs(sample: Sample, program: Program, folder: Path) -> dict[str, Path]:
    """Write the views that a program needs for one sample; return the file of each view."""
    images = {"input": sample.image, "left": sample.left, "right": sample.right}
    files = {}
    for view, image in images.items():
        if image is None or not program.wants(view):
            continue
        files[view] = folder / view / f"{sample.name}.png"
        write_pixels(files[view], pixels_from_image(image.cpu(), _bits(image)))
    return files


def _bits(image: Image) -> Literal[8, 16]:
    """Return 8 if every value is a multiple of 1/255, so that 8-bit pixels stay unchanged; otherwise 16."""
    import torch

    levels = image * 255
    return 8 if torch.allclose(levels, levels.round(), rtol=0, atol=1e-4) else 16


def read_output(path: Path, image: Image) -> Image:
    """Read a program's output for an image.

    Raises
    ------
    ProgramError
        The file is missing, unreadable, or of another size than the image.
    """
    if not path.is_file():
        raise ProgramError(f"wrote no {path.name}")
    try:
        output = image_from_pixels(read_pixels(path))
    except InputError as error:
        raise ProgramError(f"wrote a {path.name} that cannot be read ({error})") from error
    if output.shape != image.shape:
        (height, width), (right_height, right_width) = output.shape[1:], image.shape[1:]
        raise ProgramError(f"wrote a {path.name} of {width}x{height} for an image of {right_width}x{right_height}")
    return output
