"""``ifan-bench figure psf-grid``: draw the blur of images as point-spread functions on a grid."""

from pathlib import Path
from typing import Annotated

import typer

from benchmark.commands.figure.options import (
    FIGURE,
    Count,
    Images,
    MethodNames,
    Methods,
    Out,
    Results,
    Roots,
    Subset,
    image_set,
    spread,
    told,
)
from benchmark.commands.options import RESULTS, DatasetName, ProtocolName, names_in
from realdof.common.errors import InputError


def psf_grid(
    results: Results = RESULTS,
    out: Out = FIGURE,
    dataset: DatasetName = "sample",
    protocol: ProtocolName = None,
    methods: Methods = None,
    names: MethodNames = "short",
    images: Images = None,
    count: Count = 3,
    maps: Annotated[
        Path | None,
        typer.Option("--maps", help="Folder of blur maps named like the images; against the truth if not given."),
    ] = None,
    scale: Annotated[float | None, typer.Option(help="With --maps: sigma in px is scale x s + offset; 7.5.")] = None,
    offset: Annotated[float | None, typer.Option(help="With --maps: see --scale; -0.5.")] = None,
    root: Roots = None,
    subset: Subset = None,
) -> None:
    """Draw input, results, and the input's blur as Gaussian point-spread functions, as the paper's supplement does."""
    from benchmark.report.figures.psf import draw_psf_grid, sigma_from_maps, sigma_from_truth
    from benchmark.report.figures.scenes import chosen_outputs, complete, read_scenes

    if maps is None and (scale is not None or offset is not None):
        raise InputError("--scale and --offset belong to --maps; give the folder of the maps too")
    found = image_set(results, dataset, protocol, root, subset)
    outputs = chosen_outputs(found, names_in(methods), names)
    picked = names_in(images) or spread(complete(found, outputs), count)
    scenes = read_scenes(found, outputs, picked)
    if maps is None:
        sigmas = {name: sigma_from_truth(found, name) for name in scenes}
    else:
        pair = 7.5 if scale is None else scale, -0.5 if offset is None else offset
        sigmas = {name: sigma_from_maps(maps, name, layers.size, *pair) for name, layers in scenes.items()}
    draw_psf_grid(scenes, outputs, sigmas, out)
    told(out)
