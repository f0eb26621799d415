"""The command line `realdof`: look at captures, develop raw files, simulate a rig."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.markup import escape
from rich.table import Column, Table

from realdof.common.console import new_app, progress_bar, run_app, stderr, stdout
from realdof.common.errors import InputError

if TYPE_CHECKING:
    from realdof.captures.scene import Complaint, Scene
    from realdof.dataset.manifest import Manifest, SceneRecord, WhiteBalance

app = new_app(
    "Captures of two cameras behind a beam splitter, as RealDOF was made (CVPR 2021, supplement, Section 1).",
    "realdof simulate captures --scenes 2 --size small && realdof build captures out",
)


Size = Literal["full", "small"]
"""Of simulated raw files."""
FileFormat = Literal["arw", "dng"]
"""Of simulated raw files."""
RecipeName = Literal["sharp", "paper"]
"""In which order to resize and warp."""
DemosaicingName = Literal["half-size", "ahd"]
"""How raws get their colours."""
Photometry = Literal["lowpass-linear", "linear", "mean-std"]
"""How to estimate the exposure difference."""
PairName = Literal["target", "reference"]
"""One of a scene's two pairs."""


@app.command(epilog="Example: realdof inspect captures/001/target/A.ARW")
def inspect(file: Annotated[Path, typer.Argument(help="A raw file, TIFF or PNG.")]) -> None:
    """Show what a file says of its shot: camera, time, exposure, size."""
    from realdof.captures.scene import read_capture

    capture = read_capture(file)
    height, width = capture.size
    table = Table("what", "value", title=str(file))
    table.add_row("size, px", f"{width} x {height}")
    for name, value in vars(capture.exif).items():
        table.add_row(name.replace("_", " "), "not in the file" if value is None else str(value))
    stdout.print(table)


@app.command(epilog="Example: realdof scenes captures")
def scenes(source: Annotated[Path, typer.Argument(help="A folder of scenes, or a manifest (.csv, .json).")]) -> None:
    """List the scenes of a capture folder and what is wrong or doubtful with them; status 1 if one cannot be used."""
    from realdof.captures.folder import find_scenes

    _show(*find_scenes(source))


@app.command(epilog="Example: realdof scan card/ --manifest scenes.csv")
def scan(
    folder: Annotated[Path, typer.Argument(help="A flat folder of loose shots of both cameras.")],
    manifest: Annotated[Path | None, typer.Option("--manifest", help="Write the proposal as a CSV manifest.")] = None,
) -> None:
    """Propose scenes from EXIF: time, aperture and body of every shot."""
    from realdof.captures.folder import write_manifest
    from realdof.captures.scan import propose_scenes

    if manifest is not None and manifest.exists():
        raise InputError(f"{manifest} exists; give another name")
    found, complaints = propose_scenes(folder)
    if manifest is not None and found:
        write_manifest(manifest, found)
        stderr.print(f"wrote {manifest}")
    _show(found, complaints)


@app.command(epilog="Example: realdof develop captures/001/target/A.ARW -o a.png")
def develop(
    file: Annotated[Path, typer.Argument(help="A raw file.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="A 16-bit .png or .tiff.")],
    balance_of: Annotated[
        Path | None, typer.Option("--balance-of", help="Take the white balance of this raw file instead.")
    ] = None,
    linear: Annotated[bool, typer.Option("--linear", help="Linear light instead of sRGB.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an output that exists.")] = False,
) -> None:
    """Develop a raw file to 16 bits and crop it: an A7R IV's to the paper's 9504x6344."""
    from realdof.images.files import write_pixels
    from realdof.raw import develop as raw

    if output.exists() and not overwrite:
        raise InputError(f"{output} exists; give --overwrite to replace it, or another name")
    balance = None if balance_of is None else raw.camera_multipliers(balance_of)
    pixels = raw.crop(raw.develop(file, balance, linear=linear))
    write_pixels(output, pixels)
    stderr.print(f"wrote {output} ({pixels.shape[1]}x{pixels.shape[0]}, 16-bit)")


@app.command(epilog="Example: realdof simulate captures --scenes 2 --size small")
def simulate(
    out: Annotated[Path, typer.Argument(help="The capture folder to make.")],
    scenes: Annotated[int, typer.Option("--scenes", min=1, help="How many scenes.")] = 2,
    size: Annotated[Size, typer.Option("--size", help="full is 9600x6376, small 1600x1064.")] = "small",
    file_format: Annotated[FileFormat, typer.Option("--format", help="Of the raw files.")] = "arw",
    seed: Annotated[int, typer.Option("--seed", help="Scenes of another seed are other scenes.")] = 0,
    vignetting: Annotated[bool, typer.Option("--vignetting", help="Darker corners, by aperture.")] = False,
    diffraction: Annotated[bool, typer.Option("--diffraction", help="Blur F16 to an Airy disc of 21 um.")] = False,
) -> None:
    """Make raw captures of known scenes, with the truth beside them, for tests and demonstrations."""
    from realdof.simulation.parameters import Simulation
    from realdof.simulation.simulate import simulate_captures

    simulation = Simulation(
        size=size, seed=seed, file_format=file_format, vignetting=vignetting, diffraction=diffraction
    )
    with progress_bar() as bar:
        task = bar.add_task("simulating", total=scenes, detail="")
        for folder in simulate_captures(out, scenes, simulation):
            bar.update(task, advance=1, detail=folder.name)


@app.command(epilog="Example: realdof build captures out --workers 2")
def build(
    captures: Annotated[Path, typer.Argument(help="A folder of scenes, or a manifest (.csv, .json).")],
    out: Annotated[Path, typer.Argument(help="The data set's folder: new, or of a build to be continued.")],
    workers: Annotated[int, typer.Option("--workers", min=1, help="Processes; each needs up to 0.9 GB.")] = 1,
    cluster: Annotated[
        str | None, typer.Option("--cluster", help="Address of a Dask scheduler to use instead of processes here.")
    ] = None,
    recipe: Annotated[
        RecipeName, typer.Option("--recipe", help="paper: resize, then warp; sharp: warp at twice the size.")
    ] = "sharp",
    demosaicing: Annotated[
        DemosaicingName | None,
        typer.Option(
            "--demosaicing", help="By default half-size: linear, straight to half the size; with --recipe paper ahd."
        ),
    ] = None,
    photometry: Annotated[
        Photometry | None,
        typer.Option("--photometry", help="By default lowpass-linear, with --recipe paper linear."),
    ] = None,
    photometry_pair: Annotated[
        PairName, typer.Option("--photometry-pair", help="The pair that exposures are compared on.")
    ] = "target",
    ecc_iterations: Annotated[
        int | None,
        typer.Option("--ecc-iterations", min=1, help="ECC at the full grid alone, so often; the authors' lab: 300."),
    ] = None,
    ecc_epsilon: Annotated[
        float, typer.Option("--ecc-epsilon", help="Stop at such a change of the correlation; -1: never.")
    ] = 1e-6,
    white_balance: Annotated[
        str,
        typer.Option(
            "--white-balance", help="reference (of the scene's reference shot), camera (each its own) or R,G,B."
        ),
    ] = "reference",
    keep_stages: Annotated[bool, typer.Option("--keep-stages", help="Keep each stage's images in stages/.")] = False,
) -> None:
    """Make a data set of captures: develop, align, match exposures, measure. Continues where it was interrupted.

    Status 2 if a scene could not be built, 1 if none was good enough.
    """
    from realdof.dataset.manifest import Settings
    from realdof.pipeline import build_dataset

    as_paper = recipe == "paper"
    default: Photometry = "linear" if as_paper else "lowpass-linear"
    default_demosaicing: DemosaicingName = "ahd" if as_paper else "half-size"
    settings = Settings(
        recipe=recipe,
        demosaicing=demosaicing or default_demosaicing,
        photometry=photometry or default,
        photometry_pair=photometry_pair,
        ecc_iterations=ecc_iterations,
        ecc_epsilon=ecc_epsilon,
        white_balance=_white_balance(white_balance),
        keep_stages=keep_stages,
    )
    bar = progress_bar()
    task = bar.add_task("building", detail="")
    with ExitStack() as shown:

        def report(scene: "SceneRecord | None", total: int) -> None:
            if scene is None:
                shown.enter_context(bar)
            bar.update(task, total=total, advance=int(scene is not None), detail=scene.name if scene else "")

        manifest = build_dataset(captures, out, settings, report, worker_count=workers, cluster=cluster)
    _show_scenes(out, manifest)
    counts = manifest.counts
    if counts["failed"]:
        raise typer.Exit(2)
    if not counts["accepted"] + counts["doubtful"]:
        raise typer.Exit(1)


@app.command(epilog="Example: realdof verify out")
def verify(out: Annotated[Path, typer.Argument(help="A data set that realdof build has made.")]) -> None:
    """Check a data set against its manifest: hashes, pairing, sizes, 16 bits. Status 2 if anything is wrong."""
    from realdof.dataset.manifest import read_manifest
    from realdof.dataset.verify import faults

    found = 0
    for sentence in faults(out):
        found += 1
        stdout.print(escape(sentence), highlight=False, soft_wrap=True)
    if found:
        raise typer.Exit(2)
    counts = read_manifest(out).counts
    stdout.print(f"{out} is whole; pairs: {counts['accepted'] + counts['doubtful']}", highlight=False, soft_wrap=True)


@app.command(epilog="Example: realdof report out")
def report(out: Annotated[Path, typer.Argument(help="A data set that realdof build has made.")]) -> None:
    """Write one web page on a data set: what was aligned how well, and pictures to see it by."""
    from realdof.dataset.report.page import write_report

    with progress_bar() as bar:
        task = bar.add_task("reporting", total=None, detail="")
        page = write_report(out, lambda done, total: bar.update(task, completed=done, total=total))
    stderr.print(f"wrote {page}", highlight=False, soft_wrap=True)


def _white_balance(words: str) -> "WhiteBalance":
    if words == "reference":
        return "reference"
    if words == "camera":
        return "camera"
    try:
        red, green, blue = (float(part) for part in words.split(","))
    except ValueError:
        red = green = blue = 0.0
    if not 0 < min(red, green, blue) <= max(red, green, blue) < float("inf"):
        raise InputError(f"--white-balance {words} is none; give reference, camera or multipliers such as 2.35,1,1.62")
    return red, green, blue


def _show_scenes(out: Path, manifest: "Manifest") -> None:
    colours = {"accepted": "green", "doubtful": "yellow", "rejected": "red", "failed": "red"}
    counts = ", ".join(f"{count} {verdict}" for verdict, count in manifest.counts.items() if count)
    columns = ("verdict", "shift, px", "at corners, px", "PSNR, dB", "gain")
    table = Table(Column("scene", no_wrap=True), *columns, title=f"{out}: {counts}")
    for scene in manifest.scenes:
        shift = scene.quality.residual_shift if scene.quality else None
        gain = scene.photometry.gain if scene.photometry else None
        table.add_row(
            escape(scene.name),
            f"[{colours[scene.verdict]}]{scene.verdict}[/]",
            _figure(shift.median if shift else None, 3),
            _figure(shift.corner if shift else None, 3),
            _figure(scene.quality.reference_psnr if scene.quality else None, 1),
            _figure(sum(gain) / 3 if gain else None, 3),
        )
    stdout.print(table)
    for scene in manifest.scenes:
        if scene.verdict != "accepted":
            stdout.print(
                f"[{colours[scene.verdict]}]{scene.verdict}[/] scene {scene.name}: {escape(scene.reason)}",
                highlight=False,
                soft_wrap=True,
            )
    for name, sentences in manifest.doubts.items():
        for sentence in sentences:
            stdout.print(f"[yellow]look at[/] scene {name}: {escape(sentence)}", highlight=False, soft_wrap=True)


def _figure(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _show(found: list["Scene"], complaints: list["Complaint"]) -> None:
    table = Table("scene", "defocused camera", "reference pair", "target pair", title=f"{len(found)} scenes")
    for scene in found:
        pairs = [f"{pair.a.path.name}, {pair.b.path.name}" for pair in (scene.reference, scene.target)]
        table.add_row(scene.name, scene.defocused, *pairs)
    stdout.print(table)
    for complaint in complaints:
        word = "[red]unusable[/]" if complaint.fatal else "[yellow]doubtful[/]"
        stdout.print(f"{word} {escape(str(complaint))}", highlight=False, soft_wrap=True)
    if any(complaint.fatal for complaint in complaints):
        raise typer.Exit(1)


def main() -> None:
    """Entry point of the console script."""
    run_app(app)
