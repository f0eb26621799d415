"""What a training writes down: a table and TensorBoard's events that agree, for short and for continued runs too."""

import csv
import signal
from pathlib import Path

import pytest
from small_trainings import quadratic_trainer

from benchmark.training.log import TrainingLog, is_logged
from benchmark.training.loop import Progress, Trainer
from realdof.common.errors import InputError


def rows(folder: Path) -> list[tuple[int, float]]:
    """Step and loss of every row."""
    with (folder / "log.csv").open() as file:
        return [(int(row["step"]), float(row["loss"])) for row in csv.DictReader(file)]


def stop_at(step: int):
    def report(progress: Progress) -> None:
        if progress.step == step:
            signal.raise_signal(signal.SIGTERM)

    return report


@pytest.mark.parametrize(("steps", "logged"), [(1, [1]), (7, [*range(1, 8)]), (401, [*range(4, 401, 4), 401])])
def test_a_short_run_has_a_hundred_rows_and_one_at_the_end(tmp_path: Path, steps: int, logged: list[int]) -> None:
    assert quadratic_trainer(tmp_path, steps).run()
    assert [step for step, _ in rows(tmp_path)] == logged


def test_a_long_run_has_a_row_every_50_steps() -> None:
    assert [step for step in range(1, 301) if is_logged(step, 600_000)] == [50, 100, 150, 200, 250, 300]


def test_tensorboard_shows_what_the_table_holds_and_a_continued_run_as_one(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    def trainer() -> Trainer:
        made = quadratic_trainer(
            tmp_path, validate=lambda module, step: {"psnr": step / 2}, validate_every=25, save_every=10
        )
        made.resume()
        return made

    assert not trainer().run(stop_at(60))
    assert trainer().run()
    events = EventAccumulator(str(tmp_path / "events")).Reload()
    assert set(events.Tags()["scalars"]) == {"rate", "loss/loss", "validation/psnr"}
    assert [(one.step, one.value) for one in events.Scalars("validation/psnr")] == [
        (25, 12.5), (50, 25.0), (75, 37.5), (100, 50.0)
    ]  # fmt: skip
    table = rows(tmp_path)
    assert [step for step, _ in table] == [*range(1, 101)]
    assert table == [(one.step, pytest.approx(one.value, abs=1e-6)) for one in events.Scalars("loss/loss")]


def test_rows_that_a_killed_process_wrote_after_its_last_save_are_dropped(tmp_path: Path) -> None:
    log = TrainingLog(tmp_path, 0)
    for step in (50, 100, 150):
        log.write(step, 1e-4, {"loss": step / 100})
    log.close()
    with (tmp_path / "log.csv").open("a") as file:
        file.write("200,1.0")
    log = TrainingLog(tmp_path, 100)
    log.write(150, 1e-4, {"loss": 0.25})
    log.close()
    assert rows(tmp_path) == [(50, 0.5), (100, 1.0), (150, 0.25)]


def test_a_log_that_cannot_be_written_is_one_sentence_and_the_checkpoint_is_kept(tmp_path: Path) -> None:
    (tmp_path / "log.csv").mkdir()
    with pytest.raises(
        InputError, match=r"^cannot write .*log\.csv: Is a directory; the run up to the last save is kept"
    ):
        quadratic_trainer(tmp_path, 5000, save_every=10).run()
    continued = quadratic_trainer(tmp_path, 5000, save_every=10)
    assert continued.resume()
    assert continued.step == 40
    (tmp_path / "events").rename(tmp_path / "elsewhere")
    (tmp_path / "events").write_text("no folder")
    with pytest.raises(InputError, match=r"^cannot write"):
        continued.run()
