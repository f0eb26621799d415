"""`realdof build`."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from realdof.commands.tables import show_data_set
from realdof.common.console import say, stderr, stopping
from realdof.common.errors import InputError

if TYPE_CHECKING:
    from realdof.dataset.manifest import SceneRecord
    from realdof.settings import WhiteBalance

# The choices of `realdof.settings.Settings`, which takes a second to import; a test checks that the two are equal.
Rig = Literal["dual", "single"]
Recipe = Literal["sharp", "paper"]
Demosaicing = Literal["half-size", "ahd"]
Photometry = Literal["lowpass-linear", "linear", "mean-std"]
PairName = Literal["target", "reference"]


@stopping("scenes that are built are kept; the same command builds the others")
def build(
    captures: Annotated[Path, typer.Argument(help="A folder of scenes, or a list of them (.csv, .json).")],
    out: Annotated[Path, typer.Argument(help="The folder of the data set: a new one, or that of a build to continue.")],
    workers: Annotated[int, typer.Option("--workers", min=1, help="Number of processes; each needs up to 0.9 GB.")] = 1,
    cluster: Annotated[
        str | None, typer.Option("--cluster", help="Address of a Dask scheduler to use instead of processes here.")
    ] = None,
    rig: Annotated[
        Rig, typer.Option("--rig", help="dual: two cameras behind a beam splitter; single: one camera on a tripod.")
    ] = "dual",
    recipe: Annotated[
        Recipe, typer.Option("--recipe", help="sharp: warp at twice the size; paper: resize, then warp.")
    ] = "sharp",
    demosaicing: Annotated[
        Demosaicing | None,
        typer.Option("--demosaicing", help="Default: half-size with --recipe sharp, ahd with --recipe paper."),
    ] = None,
    photometry: Annotated[
        Photometry | None,
        typer.Option(
            "--photometry",
            help="Estimate of the exposure difference. Default: lowpass-linear with --recipe sharp, linear with "
            "--recipe paper.",
        ),
    ] = None,
    photometry_pair: Annotated[
        PairName, typer.Option("--photometry-pair", help="The pair whose exposures are compared.")
    ] = "target",
    ecc_iterations: Annotated[
        int | None,
        typer.Option(
            "--ecc-iterations",
            min=1,
            help="Run ECC on the full grid only, with this number of iterations; RealBlur's authors used 300.",
        ),
    ] = None,
    ecc_epsilon: Annotated[
        float, typer.Option("--ecc-epsilon", help="Stop ECC when the correlation changes by less; -1: never.")
    ] = 1e-6,
    white_balance: Annotated[
        str,
        typer.Option(
            "--white-balance", help="reference: from the scene's reference shot; camera: each shot's own; or R,G,B."
        ),
    ] = "reference",
    keep_stages: Annotated[bool, typer.Option("--keep-stages", help="Keep intermediate images in stages/.")] = False,
) -> None:
    """Build a data set from captures: develop, align, match exposures, measure. Continues an interrupted build.

    Status 2 if a scene could not be built, 1 if none was good enough.
    """
    from realdof.common.decode import decode
    from realdof.common.progress import progress_bar
    from realdof.pipeline import build_dataset
    from realdof.settings import Settings

    options = {
        "rig": rig,
        "recipe": recipe,
        "demosaicing": demosaicing,
        "photometry": photometry,
        "photometry_pair": photometry_pair,
        "ecc_iterations": ecc_iterations,
        "ecc_epsilon": ecc_epsilon,
        "white_balance": _white_balance(white_balance),
    }
    given = {name: value for name, value in options.items() if value is not None}
    settings = decode("the options", given, Settings, "see realdof build --help")
    bar = progress_bar()
    task = bar.add_task("building", detail="")
    with ExitStack() as shown:

        def report(scene: "SceneRecord | None", total: int) -> None:
            if scene is None:
                shown.enter_context(bar)
                bar.begin(task, total=total)
            else:
                bar.update(task, advance=1, detail=scene.name)

        manifest = build_dataset(
            captures,
            out,
            settings,
            report,
            keep_stages=keep_stages,
            worker_count=workers,
            cluster=cluster,
            say=lambda sentence: say(sentence, console=stderr),
        )
    show_data_set(out, manifest)
    counts = manifest.counts
    if counts["failed"]:
        raise typer.Exit(2)
    if not counts["accepted"] + counts["doubtful"]:
        raise typer.Exit(1)


def _white_balance(words: str) -> "WhiteBalance":
    if words in ("reference", "camera"):
        return words
    try:
        red, green, blue = (float(part) for part in words.split(","))
    except ValueError:
        red = green = blue = 0.0
    if not 0 < min(red, green, blue) <= max(red, green, blue) < float("inf"):
        raise InputError(
            f"--white-balance {words} is not a white balance; give reference, camera or multipliers such as 2.35,1,1.62"
        )
    return red, green, blue
