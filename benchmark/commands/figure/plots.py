"""``ifan-bench figure blur-bands``, ``rate`` and ``gains``: plots of runs."""

from benchmark.commands.figure.options import (
    FIGURE,
    MethodNames,
    Methods,
    Out,
    Results,
    Roots,
    Subset,
    image_set,
    told,
)
from benchmark.commands.options import RESULTS, DatasetName, ProtocolName, names_in


def blur_bands(
    results: Results = RESULTS,
    out: Out = FIGURE,
    dataset: DatasetName = "sample",
    protocol: ProtocolName = None,
    methods: Methods = None,
    names: MethodNames = "short",
    root: Roots = None,
    subset: Subset = None,
) -> None:
    """Draw the gain over the input against the blur of the input."""
    from benchmark.report.figures.plots import draw_blur_bands
    from benchmark.report.figures.scenes import chosen_outputs, errors_of

    found = image_set(results, dataset, protocol, root, subset)
    outputs = chosen_outputs(found, names_in(methods), names)
    labels = {key: entrant.label for key, entrant in outputs.items()}
    draw_blur_bands(list(errors_of(found, outputs).values()), labels, out)
    told(out)


def rate(
    results: Results = RESULTS,
    out: Out = FIGURE,
    dataset: DatasetName = "sample",
    protocol: ProtocolName = None,
    methods: Methods = None,
    names: MethodNames = "short",
) -> None:
    """Draw PSNR against parameters, multiply-accumulates and time."""
    from benchmark.report.figures.plots import draw_rate
    from benchmark.report.figures.scenes import chosen_entrants

    board = image_set(results, dataset, protocol).boards[0]
    draw_rate(board.title, chosen_entrants(board, names_in(methods), names), out)
    told(out)


def gains(
    results: Results = RESULTS,
    out: Out = FIGURE,
    dataset: DatasetName = "sample",
    protocol: ProtocolName = None,
    methods: Methods = None,
    names: MethodNames = "short",
) -> None:
    """Draw every image's gain in PSNR over the input, from the least to the most: a mean hides which images lose."""
    from benchmark.report.figures.plots import draw_gains
    from benchmark.report.figures.scenes import chosen_entrants

    board = image_set(results, dataset, protocol).boards[0]
    draw_gains(board, chosen_entrants(board, names_in(methods), names), out)
    told(out)
