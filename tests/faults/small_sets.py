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
