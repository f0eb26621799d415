"""What cases need in their own process: published data sets in small, and a training that takes milliseconds."""

import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmark"))
sys.path.insert(0, str(Path(__file__).parents[1] / "benchmark" / "training"))


def prepare() -> None:
    """Let every published set be as small as `published_trees` writes it, and a broken connection be tried at once."""
    from published_trees import CLASSES, SCENES

    from benchmark.datasets.get import fetch

    for factory in CLASSES.values():
        factory.card = replace(factory.card, count=SCENES)
    fetch.PAUSE = 0.0


def train(folder: str) -> None:
    """Train a layer for five iterations with a checkpoint after each, or go on where an earlier process stopped."""
    from small_trainings import quadratic_trainer

    from realdof.common.console import run_app, typer

    def training() -> None:
        trainer = quadratic_trainer(Path(folder), steps=5, save_every=1)
        trainer.resume()
        trainer.run()

    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(training)
    sys.argv = ["train"]
    run_app(app)


def run_while_files_change(root: str, results: str, how: str, place: str) -> None:
    """Run `input` over pairs of which a file changes after the first image."""
    from scenarios import SPOILS
    from typer import Typer

    from benchmark import registry
    from benchmark.running import runner
    from benchmark.running.task import open_task
    from realdof.common.console import run_app

    def spoil(progress: runner.Progress) -> None:
        if progress.record is not None and progress.record.name == "a":
            SPOILS[how](Path(root) / place)

    def running() -> None:
        task = open_task("folder", None, ("psnr", "mae"), root=Path(root))
        _, summary = runner.run(task, registry.method("input"), Path(results), report=spoil)
        assert not summary.failed

    app = Typer(pretty_exceptions_enable=False)
    app.command()(running)
    sys.argv = ["run"]
    run_app(app)


def run_out_of_memory(root: str, results: str, lives: str) -> None:
    """Run a method whose device has too little memory for the second image, as often as there are files."""
    import torch
    from worker_methods import DyingFactory, Smooth

    from benchmark.method import Context, Deblurred, Sample
    from benchmark.running import runner
    from benchmark.running.task import open_task

    plain = Smooth.deblur

    def deblur(self: Smooth, sample: Sample, context: Context) -> Deblurred:
        if sample.name == "b" and list(Path(lives).iterdir()):
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9.00 GiB")
        return plain(self, sample, context)

    Smooth.deblur = deblur  # type: ignore[method-assign]
    task = open_task("folder", None, ("psnr", "mae"), root=Path(root))
    _, summary = runner.run(task, DyingFactory(Path(root).parent / "none"), Path(results))
    print(summary.failed)
    sys.exit(1 if summary.failed else 0)
