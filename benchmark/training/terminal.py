"""Run a training in the terminal: show its progress, then say where the weights are."""

import signal

import typer

from benchmark.training.loop import Progress, Trainer
from benchmark.training.validation import AVERAGED, BEST
from realdof.common.console import stderr
from realdof.common.progress import progress_bar


def run_training(trainer: Trainer, title: str) -> None:
    """Run a training with a progress bar, then print where its weights are.

    Raises
    ------
    Exit
        A signal stopped it: exit status 0 after SIGTERM, 130 after Ctrl-C.
    """
    first = trainer.fabric.global_rank == 0
    with progress_bar() as bar:
        task = bar.add_task(title, total=trainer.recipe.steps, completed=trainer.step, detail="", visible=first)

        def report(progress: Progress) -> None:
            losses = " ".join(f"{name} {value:.4f}" for name, value in progress.losses.items())
            done = trainer.recipe.done(trainer.step, trainer.seconds)
            bar.update(task, completed=done * trainer.recipe.steps, detail=losses)

        finished = trainer.run(report)
    if first:
        stderr.print(outcome(trainer, finished), soft_wrap=True, highlight=False, markup=False)
    if not finished:
        # After SIGTERM, with which a scheduler ends a job, the status reports success; Ctrl-C ends as in every command.
        raise typer.Exit(0 if trainer.signal == signal.SIGTERM else 128 + signal.SIGINT)


def outcome(trainer: Trainer, finished: bool) -> str:
    """Return one sentence on the outcome of a training and the files in its folder."""
    if not finished:
        return (
            f"stopped at step {trainer.step} of {trainer.recipe.steps} and saved {trainer.checkpoint}; "
            "the same command continues"
        )
    best = trainer.folder / BEST
    also = f", those of the best validation in {best}" if best.is_file() else ""
    return f"trained {trainer.step} steps; the weights are in {trainer.folder / AVERAGED}{also}"
