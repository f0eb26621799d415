"""The command line `ifan`: make training data, train, convert weights, deblur photographs."""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import torch
import typer

from benchmark.weight_files import read_card
from ifan.variants import ABLATION, VARIANTS, Variant
from ifan.weights import find_weights, load_network, read_weights, save_weights
from realdof.common.console import new_app, progress_bar, run_app, stderr
from realdof.common.errors import InputError

if TYPE_CHECKING:
    from benchmark.training.loop import Progress, Trainer
    from ifan.training.loop import Data

app = new_app(
    "IFAN: deblur photographs, train, convert weights.",
    "ifan deblur photo.jpg -o sharp.png --weights synthetic",
)


Schedule = Literal["step", "cosine"]
"""How the learning rate falls."""
DeblurringLoss = Literal["mse", "rms", "log"]
"""`ifan.training.losses.DEBLURRING_LOSSES`, for the command line."""
Precision = Literal["float32", "bfloat16"]
"""What an inference computes in."""
Accelerator = Literal["cpu", "cuda"]
"""What trains."""
Split = Literal["train", "val", "test"]
"""The parts of a data set in DPDD's layout."""
Bits = Literal[8, 16]
"""Depth of image files."""
TrainingPrecision = Literal["32-true", "tf32", "bf16-mixed"]
"""What a training computes in, in Lightning Fabric's words but for TF32; the weights stay in float32."""
Initialisation = Literal["paper", "variance-preserving"]
"""Where a training starts."""
VariantName = Annotated[str, typer.Option("--variant", help=f"One of {', '.join(VARIANTS)}.")]
LEAVES = "Share of scenes that show sharp shapes in the photograph's colours and textures instead of a part of it."
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an output that exists.")]


def variant_named(name: str) -> Variant:
    """The variant of this name.

    Raises
    ------
    InputError
        There is none.
    """
    if name not in VARIANTS:
        raise InputError(f"there is no variant named {name}; there are {', '.join(VARIANTS)}")
    return VARIANTS[name]


@app.command(epilog="Example: ifan deblur photos/ more.arw -o sharp/ --weights synthetic")
def deblur(
    photographs: Annotated[list[Path], typer.Argument(help="JPEG, PNG, TIFF or raw files, or folders of them.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="A file for one photograph, else a folder.")],
    variant: VariantName = "ifan",
    weights: Annotated[str, typer.Option(help="official, synthetic, or a file.")] = "official",
    left: Annotated[Path | None, typer.Option(help="Left dual-pixel view, for ifan-dual.")] = None,
    right: Annotated[Path | None, typer.Option(help="Right dual-pixel view, for ifan-dual.")] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1 ...")] = "cpu",
    precision: Annotated[
        Precision, typer.Option(help="bfloat16 is faster and differs by less than an 8-bit step.")
    ] = "float32",
    tile: Annotated[int | None, typer.Option(help="Tiles' side, px; else only what does not fit is cut.")] = None,
    overlap: Annotated[int, typer.Option(help="What tiles are surrounded with, px; a multiple of 8.")] = 520,
    memory: Annotated[float | None, typer.Option(help="GB the network may take; else what is free.")] = None,
    disparity: Annotated[bool, typer.Option("--disparity", help="Write NAME-disparity.png beside a result.")] = False,
    filters: Annotated[bool, typer.Option("--filters", help="Write NAME-filters.png beside a result.")] = False,
    overwrite: Overwrite = False,
) -> None:
    """Deblur photographs; size, bit depth, orientation and colour profile are kept."""
    from ifan.cli.deblur import Options, deblur_photographs

    options = Options(
        variant_named(variant), weights, device, precision, tile, overlap, memory, disparity, filters, overwrite
    )
    if not deblur_photographs(photographs, output, options, left, right):
        raise typer.Exit(2)


@app.command(
    epilog="Example: ifan synthesize photographs/ data/ && ifan synthesize others/ data/ --split val --count 12"
)
def synthesize(
    photographs: Annotated[Path, typer.Argument(help="A folder of sharp photographs.")],
    out: Annotated[Path, typer.Argument(help="Where the set goes, in DPDD's layout.")],
    count: Annotated[int, typer.Option(min=1, help="Scenes to render.")] = 720,
    split: Annotated[Split, typer.Option(help="Which part of the set.")] = "train",
    size: Annotated[int, typer.Option(min=64, help="Side of a scene, px.")] = 384,
    largest_radius: Annotated[float, typer.Option(min=1.0, help="Largest blur radius, px.")] = 14.0,
    depth: Annotated[
        Path | None,
        typer.Option(help="A folder of depth maps named like the photographs; brighter is nearer."),
    ] = None,
    bits: Annotated[Bits, typer.Option(help="Depth of the files.")] = 8,
    electrons: Annotated[
        float | None, typer.Option(min=1.0, help="Electrons of a white pixel, for shot noise; else none.")
    ] = None,
    leaves: Annotated[float, typer.Option(min=0.0, max=1.0, help=LEAVES)] = 0.0,
    seed: Annotated[int, typer.Option(help="Of the draws.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
) -> None:
    """Render dual-pixel defocus of sharp photographs as training data; scenes already there are kept."""
    from ifan.training import synthesis

    settings = synthesis.Synthesis(
        size=size, largest_radius=largest_radius, leaves_share=leaves, bits=bits, electrons=electrons
    )
    found = synthesis.find_photographs(photographs)
    maps = None if depth is None else synthesis.find_depth(found, depth)
    with progress_bar() as bar:
        task = bar.add_task("rendering", total=count, detail="")
        for done in synthesis.synthesize(
            found, out, count, settings, seed=seed, split=split, workers=workers, depth=maps
        ):
            bar.update(task, completed=done)


@app.command(
    epilog="Example: ifan train --data data/ --out runs/ifan --steps 14000 --batch 2 --crop 128 --schedule cosine"
)
def train(
    out: Annotated[Path, typer.Option(help="The run's folder; a run in it is continued.")],
    data: Annotated[Path | None, typer.Option(help="A set in DPDD's layout, with a val split if there is one.")] = None,
    photographs: Annotated[
        Path | None,
        typer.Option(help="Sharp photographs: every patch is rendered anew; --data then only validates."),
    ] = None,
    depth: Annotated[Path | None, typer.Option(help="With --photographs: see `ifan synthesize`.")] = None,
    largest_radius: Annotated[
        float | None, typer.Option(min=1.0, help="With --photographs: largest blur radius, px; 14 if not given.")
    ] = None,
    electrons: Annotated[
        float | None, typer.Option(min=1.0, help="With --photographs: electrons of a white pixel, for shot noise.")
    ] = None,
    leaves: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="With --photographs: see `ifan synthesize`; 0 if not given.")
    ] = None,
    loaders: Annotated[
        int | None,
        typer.Option(min=0, help="Processes that make batches ready; as many as are of use if not given."),
    ] = None,
    variant: VariantName = "ifan",
    steps: Annotated[int, typer.Option(min=1)] = 600_000,
    batch: Annotated[int, typer.Option(min=1)] = 8,
    ablation: Annotated[
        bool, typer.Option("--ablation", help="Train the six models of Table 1 alike, each in a folder of OUT.")
    ] = False,
    crop: Annotated[
        int | None, typer.Option(min=64, help="Side of a patch, px; the variant's own if not given (256 to 704).")
    ] = None,
    learning_rate: Annotated[float, typer.Option(min=0.0)] = 1e-4,
    schedule: Annotated[
        Schedule, typer.Option(help="The paper's steps, or a cosine to zero at the last step.")
    ] = "step",
    warmup: Annotated[int, typer.Option(min=0, help="Steps over which the rate rises.")] = 0,
    ema: Annotated[float, typer.Option(min=0.0, max=0.99999, help="Decay of the averaged weights.")] = 0.999,
    noise: Annotated[float, typer.Option(min=0.001, help="Largest noise level of the augmentation.")] = 0.0707,
    skip_sharp: Annotated[
        float,
        typer.Option(min=0.0, max=0.95, help="Probability that a patch without defocus is drawn again; paper: 0."),
    ] = 0.0,
    reblurring_width: Annotated[int, typer.Option(min=0, help="128: released code; 0: no such loss.")] = 32,
    precision: Annotated[
        TrainingPrecision, typer.Option(help="bf16-mixed is for GPUs and processors with AVX-512 BF16, tf32 for GPUs.")
    ] = "32-true",
    initialisation: Annotated[
        Initialisation, typer.Option(help="variance-preserving is for short trainings.")
    ] = "paper",
    accelerator: Annotated[Accelerator, typer.Option(help="What trains.")] = "cpu",
    devices: Annotated[int, typer.Option(min=1, help="Processes, or GPUs, on each machine.")] = 1,
    nodes: Annotated[int, typer.Option(min=1, help="Machines, each started with torchrun or by SLURM.")] = 1,
    loss: Annotated[
        DeblurringLoss,
        typer.Option(help="mse is the paper's; with rms sharp patches count more, with log all the same."),
    ] = "mse",
    start: Annotated[Path | None, typer.Option(help="Weights to begin with.")] = None,
    seed: int = 0,
    save_every: Annotated[int, typer.Option(min=1)] = 500,
    validate_every: Annotated[int, typer.Option(min=1)] = 1000,
) -> None:
    """Train with the paper's losses; a run that was stopped, even killed, continues from its last save."""
    from benchmark.training.loop import Recipe
    from ifan.training.augmentation import Augmentation
    from ifan.training.loop import Settings
    from ifan.training.loop import train as prepare
    from realdof.common.memory import keep_blocks

    keep_blocks()
    rendering = {"largest_radius": largest_radius, "electrons": electrons, "leaves_share": leaves}
    seen = data_of(data, photographs, depth, rendering, loaders)
    recipe = Recipe(
        steps=steps,
        batch=batch,
        learning_rate=learning_rate,
        schedule=schedule,
        warmup=warmup,
        ema=ema,
        seed=seed,
    )
    for name in ABLATION if ablation else (variant,):
        which = variant_named(name)
        augmentation = Augmentation(crop=which.crop if crop is None else crop, noise=noise, skip_sharp=skip_sharp)
        settings = Settings(which, recipe, augmentation, reblurring_width, precision, initialisation, loss)
        trainer = prepare(
            seen, out / name if ablation else out, settings, start=start,
            accelerator=accelerator, devices=devices, nodes=nodes,
            save_every=save_every, validate_every=validate_every,
        )  # fmt: skip
        if not run_training(trainer, f"training {name}"):
            break


def data_of(
    folder: Path | None,
    photographs: Path | None,
    depth: Path | None,
    rendering: dict[str, float | None],
    loaders: int | None,
) -> "Data":
    """What the options of `train` ask to be trained on.

    Parameters
    ----------
    rendering
        Fields of `ifan.training.synthesis.Synthesis`, None where no option gives them.

    Raises
    ------
    InputError
        An option for rendering stands without photographs, or there are none.
    """
    from ifan.training.loop import Data
    from ifan.training.synthesis import Synthesis, find_depth, find_photographs, with_depth

    given = {name: value for name, value in rendering.items() if value is not None}
    if photographs is None:
        if depth is not None or given:
            raise InputError("--depth, --largest-radius, --electrons and --leaves belong to --photographs; give it too")
        return Data(folder, loaders=loaders)
    found = find_photographs(photographs)
    maps = None if depth is None else find_depth(found, depth)
    return Data(folder, tuple(with_depth(found, maps)), replace(Synthesis(), **given), loaders)  # type: ignore[arg-type]


def run_training(trainer: "Trainer", title: str) -> bool:
    """Run a training with a progress bar; whether it reached its last step."""
    with progress_bar() as bar:
        first = trainer.fabric.global_rank == 0
        task = bar.add_task(title, total=trainer.recipe.steps, completed=trainer.step, detail="", visible=first)

        def report(progress: "Progress") -> None:
            losses = " ".join(f"{name} {value:.4f}" for name, value in progress.losses.items())
            bar.update(task, completed=progress.step, detail=losses)

        finished = trainer.run(report)
    if first:
        stderr.print("finished" if finished else f"stopped at step {trainer.step}; the same command continues")
    return finished


@app.command(epilog="Example: ifan convert IFAN.pytorch ifan.safetensors --label 'released by the authors'")
def convert(
    source: Annotated[Path, typer.Argument(help="A released checkpoint or a safetensors file.")],
    target: Annotated[Path, typer.Argument(help="The safetensors file to write.")],
    variant: VariantName = "ifan",
    label: Annotated[str, typer.Option(help="One line on what the weights are.")] = "",
    half: Annotated[bool, typer.Option("--half", help="Store in float16: half the size, slightly rounded.")] = False,
    card: Annotated[Path | None, typer.Option(help="A JSON object to add to the training card.")] = None,
    overwrite: Overwrite = False,
) -> None:
    """Convert weights to safetensors, with variant, form of IAC, label and training card in the header."""
    from ifan.photographs.files import refuse_existing

    refuse_existing(target, overwrite)
    which = variant_named(variant)
    weights = read_weights(find_weights(which, str(source)))
    network = load_network(which, weights)
    about = read_card(source) if source.suffix == ".safetensors" else {}
    about |= {"converted_from": weights.sha256, "stored_as": "float16" if half else "float32"} | _read_object(card)
    save_weights(target, network, which, label or weights.label, about, torch.float16 if half else torch.float32)
    stderr.print(f"wrote {target}")


@app.command(epilog="Example: ifan export ifan.onnx --weights synthetic")
def export(
    target: Annotated[
        Path, typer.Argument(help="A file .onnx or .pt2 (torch.export), or a folder for from_pretrained.")
    ],
    variant: VariantName = "ifan",
    weights: Annotated[str, typer.Option(help="official, synthetic, or a file.")] = "official",
    overwrite: Overwrite = False,
) -> None:
    """Export a network for other programs, for images of any size that divides by 8; files are checked against it."""
    from ifan.export import export as write
    from ifan.photographs.files import refuse_existing

    refuse_existing(target, overwrite)
    which = variant_named(variant)
    network = load_network(which, read_weights(find_weights(which, weights)))
    if not target.suffix:
        network.save_pretrained(target)
        stderr.print(f"wrote {target} with config.json, model.safetensors and README.md")
        return
    difference = write(network, target)
    stderr.print(f"wrote {target}; it differs from the network by at most {difference:.0e} of the largest value")


def _read_object(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(content, dict):
        raise InputError(f"{path} holds a {type(content).__name__}; a card is a JSON object")
    return content


def main() -> None:
    """Entry point of the console script."""
    run_app(app)
