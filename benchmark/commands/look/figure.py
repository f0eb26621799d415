"""``ifan-bench figure``: figures for a paper, as PDF, PNG or SVG."""

from pathlib import Path
from typing import Annotated

import typer

from benchmark import registry

KINDS = ("comparison", "failures", "blur-bands", "rate")


def figure(
    kind: Annotated[str, typer.Argument(help=f"{', '.join(KINDS)}.")],
    results: Annotated[Path, typer.Argument(help="The results folder.")] = Path("results"),
    out: Annotated[Path, typer.Option("-o", "--out", help="The file: .pdf, .png or .svg.")] = Path("figure.pdf"),
    dataset: Annotated[str, typer.Option("--dataset", help="See `ifan-bench datasets`.")] = "sample",
    protocol: Annotated[str | None, typer.Option("--protocol", help="The data set's default if not given.")] = None,
    methods: Annotated[str | None, typer.Option("--methods", help="Comma-separated; all if not given.")] = None,
    images: Annotated[str | None, typer.Option("--images", help="Comma-separated; --count if not given.")] = None,
    crop: Annotated[
        list[str] | None,
        typer.Option("--crop", help="LEFT,TOP,WIDTH,HEIGHT in px; where the methods differ most if not given."),
    ] = None,
    count: Annotated[int, typer.Option("--count", min=1, max=8, help="How many scenes, where none is named.")] = 3,
    root: Annotated[list[str] | None, typer.Option("--root", help="The data set's folder.")] = None,
    subset: Annotated[Path | None, typer.Option("--subset", help="The list that runs on DATASET@LIST had.")] = None,
) -> None:
    """Draw a comparison with crops, the worst scenes, the gain against blur, or PSNR against cost."""
    from benchmark.commands.look.report import opener
    from benchmark.datasets.subset import whole_name
    from benchmark.report.contents import collect
    from benchmark.report.figures.comparison import Crop, draw_comparison
    from benchmark.report.figures.plots import draw_blur_bands, draw_rate
    from benchmark.report.figures.scenes import chosen_outputs, read_scenes, scene_rows, worst
    from realdof.common.console import say

    if kind not in KINDS:
        raise registry.unknown("kind of figure", kind, KINDS)
    crops = [Crop.parsed(text) for text in crop or []]
    name = protocol or registry.dataset(whole_name(dataset)).card.protocol
    found = collect(results, opener(root or [], subset), dataset, name).sets[0]
    if kind == "rate":
        draw_rate(found.boards[0], out)
    else:
        outputs = chosen_outputs(found, _words(methods))
        scenes = read_scenes(found, outputs, _words(images))
        if kind == "blur-bands":
            labels = {key: entrant.label for key, entrant in outputs.items()}
            draw_blur_bands([layers.errors for layers in scenes.values()], labels, out)
        else:
            shown = worst(scenes, next(iter(outputs)), count) if kind == "failures" else list(scenes)
            step = 1 if images or kind == "failures" else max(1, len(shown) // count)
            picked = shown[::step] if images else shown[::step][:count]
            draw_comparison(scene_rows({one: scenes[one] for one in picked}, outputs, found, crops), out)
    say(str(out), before="written:")


def _words(text: str | None) -> list[str]:
    return [word.strip() for word in (text or "").split(",") if word.strip()]
