"""Deblur a batch of photographs: read, deblur and write them one after the other."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmark.bands.budget import bytes_of, described
from benchmark.bands.graph import Plan
from benchmark.method import Context, Precision
from ifan.method import IFANMethod
from ifan.photographs.deblurring import Deblurred, deblur_pixels
from ifan.photographs.files import (
    Photograph,
    check_output,
    plan_outputs,
    read_photograph,
    refuse_existing,
    write_photograph,
)
from ifan.photographs.maps import picture_of_disparity, picture_of_filters
from ifan.variants import Variant
from realdof.common.console import say, stderr
from realdof.common.errors import InputError
from realdof.common.progress import progress_bar
from realdof.images.files import read_pixels, write_pixels


@dataclass(frozen=True)
class Options:
    """Options of `ifan deblur`.

    Parameters
    ----------
    variant, weights, device, precision
        Network, weights, device and precision of the computation.
    memory
        Memory that the network may use, such as ``4G``; None for all free memory.
    disparity, filters
        Whether to write the disparity map and the map of the filters' change beside each result.
    overwrite, skip_existing
        Whether to replace existing results, or to skip their photographs; without either they are an error.
    """

    variant: Variant
    weights: str = "official"
    device: str = "cpu"
    precision: Precision = "float32"
    memory: str | None = None
    disparity: bool = False
    filters: bool = False
    overwrite: bool = False
    skip_existing: bool = False


def deblur_photographs(
    inputs: Sequence[Path], output: Path, options: Options, left: Path | None = None, right: Path | None = None
) -> bool:
    """Deblur every photograph; if one of several fails, print its error and continue with the others.

    Returns
    -------
    bool
        Whether all photographs were deblurred.

    Raises
    ------
    InputError
        The options contradict each other, a result exists, the weights are not available, or the only photograph
        cannot be deblurred.
    """
    plan = plan_outputs(inputs, output)
    if (left is None) != (right is None) or (left is not None) != options.variant.shape.dual:
        raise InputError(
            "dual-pixel views go together and with a dual-pixel network: give --left, --right and --variant ifan-dual"
        )
    if left is not None and len(plan) > 1:
        raise InputError(f"--left and --right belong to one photograph, and {len(plan)} were given")
    if options.skip_existing:
        there = [source for source, target in plan.items() if target.exists()]
        plan = {source: target for source, target in plan.items() if not target.exists()}
        if there:
            said = "1 photograph is left out, since its result exists"
            if len(there) > 1:
                said = f"{len(there)} photographs are left out, since their results exist"
            say(said, console=stderr)
        if not plan:
            return True
    for target in plan.values():
        for path in (target, *_map_paths(target, options)):
            refuse_existing(path, options.overwrite or options.skip_existing)
    method, context = _load(options)
    failed = 0
    with progress_bar() as bar:
        task = bar.add_task("deblurring", total=len(plan), detail="")
        bar.begin(task)
        for number, (source, target) in enumerate(plan.items()):
            bar.update(task, completed=number, detail=source.name)
            try:
                photograph, views = _read(source, target, left, right)
                for sentence in photograph.left_out:
                    stderr.print(sentence, soft_wrap=True, highlight=False, markup=False)
                result = deblur_pixels(
                    method, photograph.pixels, views,
                    replace(context, progress=lambda done, total, number=number: bar.update(  # type: ignore[misc]
                        task, completed=number + done / total)),
                    with_maps=options.disparity or options.filters, announce=_announce,
                )  # fmt: skip
                _write(target, photograph, result, options)
            except InputError as error:
                if len(plan) == 1:
                    raise
                failed += 1
                stderr.print(f"{source.name} is left out: {error}", soft_wrap=True, highlight=False, markup=False)
        bar.update(task, completed=len(plan), detail="")
    if failed:
        stderr.print(f"{failed} of {len(plan)} photographs could not be deblurred")
    return failed == 0


def _load(options: Options) -> tuple[IFANMethod, Context]:
    # An invalid amount of memory is refused before the weights are loaded.
    memory = None if options.memory is None else bytes_of(options.memory)
    method = IFANMethod.of(options.variant, options.weights)
    context = Context(device=options.device, precision=options.precision, memory=memory)
    method.prepare(context)
    return method, context


def _read(source: Path, target: Path, left: Path | None, right: Path | None) -> tuple[Photograph, np.ndarray | None]:
    photograph = read_photograph(source).for_file(target)
    check_output(target, photograph.pixels)
    if left is None or right is None:
        return photograph, None
    views = {path: read_pixels(path) for path in (right, left)}
    for path, view in views.items():
        if view.shape != photograph.pixels.shape or view.dtype != photograph.pixels.dtype:
            found, wanted = (f"{one.shape[1]}x{one.shape[0]} {one.dtype}" for one in (view, photograph.pixels))
            raise InputError(f"{path} is {found}, {source} {wanted}; a photograph and its views are alike")
    return photograph, np.concatenate(list(views.values()), axis=2)


def _write(target: Path, photograph: Photograph, result: Deblurred, options: Options) -> None:
    size = result.pixels.shape[:2]
    # The photograph is written last: its existence tells --skip-existing that its maps exist too.
    if options.disparity and result.disparity is not None:
        write_pixels(_beside(target, "disparity"), picture_of_disparity(result.disparity, *size))
    if options.filters and result.filters is not None:
        write_pixels(_beside(target, "filters"), picture_of_filters(result.filters, *size))
    write_photograph(target, photograph.with_pixels(result.pixels))
    depth = 8 * photograph.pixels.dtype.itemsize
    stderr.print(f"wrote {target} ({depth}-bit)", soft_wrap=True, highlight=False, markup=False)


def _announce(plan: Plan) -> None:
    """Print the planned memory before the first band."""
    stderr.print(described(plan), highlight=False)


def _map_paths(target: Path, options: Options) -> list[Path]:
    wanted = {"disparity": options.disparity, "filters": options.filters}
    return [_beside(target, name) for name, asked in wanted.items() if asked]


def _beside(target: Path, name: str) -> Path:
    return target.with_name(f"{target.stem}-{name}.png")
