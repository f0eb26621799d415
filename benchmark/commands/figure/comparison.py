"""``ifan-bench figure comparison`` and ``failures``: draw scenes by methods, with crops."""

from pathlib import Path

from benchmark.commands.figure.options import (
    FIGURE,
    Count,
    Crops,
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


def comparison(
    results: Results = RESULTS,
    out: Out = FIGURE,
    dataset: DatasetName = "sample",
    protocol: ProtocolName = None,
    methods: Methods = None,
    names: MethodNames = "short",
    images: Images = None,
    crop: Crops = None,
    count: Count = 3,
    root: Roots = None,
    subset: Subset = None,
) -> None:
    """Draw scenes in rows and methods in columns, with coloured boxes, their crops, and scores."""
    _draw(results, out, dataset, protocol, methods, names, images, crop, count, root, subset, failing=False)


def failures(
    results: Results = RESULTS,
    out: Out = FIGURE,
    dataset: DatasetName = "sample",
    protocol: ProtocolName = None,
    methods: Methods = None,
    names: MethodNames = "short",
    crop: Crops = None,
    count: Count = 3,
    root: Roots = None,
    subset: Subset = None,
) -> None:
    """Draw the scenes where the first method gains least over the input, or harms most."""
    _draw(results, out, dataset, protocol, methods, names, None, crop, count, root, subset, failing=True)


def _draw(
    results: Path, out: Path, dataset: str, protocol: str | None, methods: list[str] | None, names: MethodNames,
    images: list[str] | None, crop: list[str] | None, count: int, root: list[str] | None, subset: Path | None, *,
    failing: bool,
) -> None:  # fmt: skip
    from benchmark.report.figures.comparison import Crop, draw_comparison
    from benchmark.report.figures.scenes import (
        chosen_outputs,
        complete,
        errors_of,
        read_scenes,
        scene_rows,
        worst_first,
    )

    crops = [Crop.parsed(text) for text in crop or []]
    found = image_set(results, dataset, protocol, root, subset)
    outputs = chosen_outputs(found, names_in(methods), names)
    if failing:
        first = next(iter(outputs))
        picked = worst_first(errors_of(found, outputs), first)[:count]
    else:
        picked = names_in(images) or spread(complete(found, outputs), count)
    draw_comparison(scene_rows(read_scenes(found, outputs, picked), outputs, found, crops), out)
    told(out)
