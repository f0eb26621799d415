"""The command line `realdof`: look at captures, develop raw files, simulate a rig."""

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from realdof.console import new_app, progress_bar, run_app, stderr, stdout
from realdof.errors import InputError

if TYPE_CHECKING:
    from realdof.scenes import Complaint, Scene

app = new_app(
    "Captures of two cameras behind a beam splitter, as RealDOF was made (CVPR 2021, supplement, Section 1).",
    "realdof simulate captures --scenes 2 --size small && realdof scenes captures",
)


class Size(Enum):
    """Of simulated raw files."""

    FULL = "full"
    SMALL = "small"


class FileFormat(Enum):
    """Of simulated raw files."""

    ARW = "arw"
    DNG = "dng"


@app.command(epilog="Example: realdof inspect captures/001/target/A.ARW")
def inspect(file: Annotated[Path, typer.Argument(help="A raw file, TIFF or PNG.")]) -> None:
    """Show what a file says of its shot: camera, time, exposure, size."""
    from realdof.scenes import read_capture

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
    from realdof.captures import find_scenes

    _show(*find_scenes(source))


@app.command(epilog="Example: realdof scan card/ --manifest scenes.csv")
def scan(
    folder: Annotated[Path, typer.Argument(help="A flat folder of loose shots of both cameras.")],
    manifest: Annotated[Path | None, typer.Option("--manifest", help="Write the proposal as a CSV manifest.")] = None,
) -> None:
    """Propose scenes from EXIF: time, aperture and body of every shot."""
    from realdof.captures import write_manifest
    from realdof.scan import propose_scenes

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
    from realdof import raw
    from realdof.images import write_pixels

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
    size: Annotated[Size, typer.Option("--size", help="full is 9600x6376, small 1600x1064.")] = Size.SMALL,
    file_format: Annotated[FileFormat, typer.Option("--format", help="Of the raw files.")] = FileFormat.ARW,
    seed: Annotated[int, typer.Option("--seed", help="Scenes of another seed are other scenes.")] = 0,
    vignetting: Annotated[bool, typer.Option("--vignetting", help="Darker corners, by aperture.")] = False,
    diffraction: Annotated[bool, typer.Option("--diffraction", help="Blur F16 to an Airy disc of 21 um.")] = False,
) -> None:
    """Make raw captures of known scenes, with the truth beside them, for tests and demonstrations."""
    from realdof.simulate import simulate_captures
    from realdof.simulation import Simulation

    simulation = Simulation(
        size=size.value, seed=seed, file_format=file_format.value, vignetting=vignetting, diffraction=diffraction
    )
    with progress_bar() as bar:
        task = bar.add_task("simulating", total=scenes, detail="")
        for folder in simulate_captures(out, scenes, simulation):
            bar.update(task, advance=1, detail=folder.name)


def _show(found: list["Scene"], complaints: list["Complaint"]) -> None:
    from realdof.capture_checks import doubts

    table = Table("scene", "defocused camera", "reference pair", "target pair", title=f"{len(found)} scenes")
    for scene in found:
        pairs = [f"{pair.a.path.name}, {pair.b.path.name}" for pair in (scene.reference, scene.target)]
        table.add_row(scene.name, scene.defocused, *pairs)
    stdout.print(table)
    every = [*complaints, *doubts(found)]
    for complaint in every:
        word = "[red]unusable[/]" if complaint.fatal else "[yellow]doubtful[/]"
        stdout.print(f"{word} {complaint}", highlight=False, soft_wrap=True)
    if any(complaint.fatal for complaint in every):
        raise typer.Exit(1)


def main() -> None:
    """Entry point of the console script."""
    run_app(app)
