"""Results that a stranger sends write nothing outside, and a merge does all or nothing."""

import json
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from made_results import make_run

from benchmark.leaderboards import build as boards
from benchmark.leaderboards.compare import compare, write_strips
from benchmark.results.merge import merge
from benchmark.results.prune import Removable, remove
from benchmark.results.run import Run
from benchmark.running import runner
from benchmark.running.task import open_task
from realdof.common.console import PlainConsole
from realdof.common.errors import InputError
from realdof.common.files import inside
from realdof.images.files import write_pixels

Call = Callable[..., str]
OUTSIDE = ("x/../../../victim/p", "../../../P", "..", ".", "", "/etc/passwd", "a\\b", "a\0b", "x" * 300, "a\x1b[31m")


def edited(run: Run, change: dict[str, object]) -> Path:
    path = run.path / "run.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    for place, value in change.items():
        *parents, last = place.split(".")
        inner = content
        for parent in parents:
            inner = inner[parent]
        inner[last] = value
    path.write_text(json.dumps(content), encoding="utf-8")
    return run.path


@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize(
    "field", ["id", "settings.rescored", "settings.dataset", "settings.method", "settings.protocol"]
)
def test_no_name_in_run_json_leads_out_of_the_results_folder(tmp_path: Path, name: str, field: str) -> None:
    place = edited(make_run(tmp_path, "a", 25.0), {field: name})
    with pytest.raises(InputError, match=field):
        Run(place)


@pytest.mark.parametrize("name", OUTSIDE)
def test_no_record_leads_out_of_the_folder_of_pictures(tmp_path: Path, name: str) -> None:
    runs = [make_run(tmp_path / "results", method, [25.0, 26.0]) for method in ("a", "b")]
    for run in runs:
        path = run.path / "records.jsonl"
        path.write_text(path.read_text().replace('"000"', json.dumps(name)), encoding="utf-8")
        with pytest.raises(InputError, match=r"records\.jsonl, line 1: name"):
            run.records()
    with pytest.raises(InputError):
        write_strips(compare(*runs), "psnr", 1, tmp_path / "pictures")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["results"]


@pytest.mark.parametrize("name", [name for name in OUTSIDE if name not in ("x" * 300, "a\x1b[31m")])
def test_one_function_joins_names_and_leaves_no_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="lead out of"):
        inside(tmp_path, name)


def test_a_merge_that_cannot_bring_every_record_brings_none(tmp_path: Path) -> None:
    source = make_run(tmp_path / "theirs", "a", [25.0] * 6)
    path = source.path / "records.jsonl"
    lines = path.read_text().splitlines()
    lines[-1] = lines[-1].replace('"005"', f'"{"x" * 300}"')
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(InputError, match="cannot be a name"):
        merge(tmp_path / "theirs", tmp_path / "ours")
    assert not (tmp_path / "ours").exists()


def test_a_folder_that_cannot_be_deleted_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(tmp_path, "a", 25.0)

    def refuse(place: Path) -> None:
        raise PermissionError(13, "Permission denied", str(place))

    monkeypatch.setattr("shutil.rmtree", refuse)
    with pytest.raises(InputError, match=r"cannot delete .*Permission denied"):
        remove(Removable(run, run.path, 0))
    assert run.path.exists()


def test_an_input_replaced_in_the_middle_of_a_run_is_not_recorded(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    for name in ("a", "b", "c"):
        for folder in ("source", "target"):
            write_pixels(tmp_path / "pairs" / folder / f"{name}.png", pixels)
    task = open_task("folder", None, ("psnr",), root=tmp_path / "pairs")
    from benchmark import registry

    def replace_b(progress: runner.Progress) -> None:
        if progress.record is not None and progress.record.name == "a":
            write_pixels(tmp_path / "pairs" / "source" / "b.png", pixels[::-1].copy())

    with pytest.raises(InputError, match=r"b\.png was changed while the run was on"):
        runner.run(task, registry.method("input"), tmp_path / "results", report=replace_b)
    (found,) = (tmp_path / "results").glob("*/*/*")
    assert Run(found).records().keys() == {"a"}, "the record of another image under the old identity"


def test_control_characters_of_files_reach_no_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = edited(
        make_run(tmp_path, "a", 25.0),
        {"weights.label": "\x1b]0;title\x07\x1b[2Jours", "method.title": "m\x9b31m", "weights.name": "\u202eevil"},
    )
    run = Run(place)
    assert "\x1b" not in run.label
    assert "\u202e" not in run.label
    for kind in ("csv", "markdown"):
        from benchmark.leaderboards.render import formats
        from benchmark.leaderboards.render.tables import rendered

        text = rendered(formats.to_table(boards.build(tmp_path, "dpdd", "ifan-cvpr21")), kind)
        assert not set(text) & set("\x1b\x07\x9b\u202e")
    PlainConsole(force_terminal=True).print("\x1b[31mraw\x1b]0;t\x07", markup=False)
    assert "\x1b[31mraw" not in capsys.readouterr().out


@pytest.mark.parametrize("content", ["pipe", "folder"])
def test_a_pipe_or_a_folder_in_the_place_of_run_json_is_refused_at_once(tmp_path: Path, content: str) -> None:
    import os

    run = make_run(tmp_path, "a", 25.0)
    for name in ("run.json", "records.jsonl"):
        path = run.path / name
        kept = path.read_bytes()
        path.unlink()
        if content == "pipe":
            os.mkfifo(path)
        else:
            path.mkdir()
        found: list[Exception] = []

        def read(found: list[Exception] = found) -> None:
            try:
                Run(run.path).records()
            except InputError as error:
                found.append(error)

        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        thread.join(5)
        assert found, "it waits for a pipe"
        path.unlink() if content == "pipe" else path.rmdir()
        path.write_bytes(kept)


def test_brackets_in_names_are_printed_as_they_are(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from benchmark.commands.app import app

    results = tmp_path / "runs [final]"
    make_run(results, "m [v2]", 25.0)
    said = CliRunner().invoke(app, ["results", "list", "--results", str(results)]).output
    assert "m [v2]" in said
    said = CliRunner().invoke(app, ["leaderboard", "--dataset", "dpdd", "--results", str(results)]).output
    assert "runs [final]" in said.replace("\n", "")


def test_brackets_in_names_of_files_and_methods_are_printed_by_the_commands_that_compute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from typer.testing import CliRunner

    from benchmark.commands.app import app
    from realdof.cli import app as realdof
    from realdof.raw.exif import Exif
    from realdof.raw.write import write_arw

    monkeypatch.setenv("COLUMNS", "400")
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    for folder in ("source", "target", "mine [bold]x[/]"):
        write_pixels(tmp_path / "pairs" / folder / "a [1].png", pixels)
    results = tmp_path / "runs [final]"
    scored = CliRunner().invoke(
        app,
        [
            "score", str(tmp_path / "pairs" / "mine [bold]x[/]"), "--name", "m [v2]", "--dataset", "folder", "--root",
            str(tmp_path / "pairs"), "--results", str(results), "--metrics", "psnr",
        ],
    )  # fmt: skip
    assert scored.exit_code == 0, scored.output
    said = (scored.output + capfd.readouterr().err).replace("\n", "")
    for words in ("runs [final]", "mine [bold]x[/]"):
        assert words in said, words
    raw, developed = tmp_path / "raw [1].ARW", tmp_path / "dev [x].png"
    write_arw(raw, np.full((64, 64), 3000, np.uint16), Exif(), (2.0, 1.0, 1.5))
    done = CliRunner().invoke(realdof, ["develop", str(raw), "-o", str(developed)])
    assert done.exit_code == 0, (done.output, done.exception)
    assert "dev [x].png" in done.output + capfd.readouterr().err
    again = CliRunner().invoke(realdof, ["develop", str(raw), "-o", str(developed)])
    assert "dev [x].png exists" in str(again.exception)


def test_metrics_given_twice_are_both_measured(tmp_path: Path, bench: Call) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    for folder in ("source", "target"):
        write_pixels(tmp_path / "pairs" / folder / "a.png", pixels)
    arguments = ("run", "--method", "input", "--dataset", "folder", "--root", tmp_path / "pairs")
    assert not bench(*arguments, "--results", tmp_path / "results", "--metrics", "psnr", "--metrics", "mae,psnr")
    (found,) = (tmp_path / "results").glob("*/*/*")
    assert Run(found).records()["a"].scores.keys() == {"psnr", "mae"}


def test_a_device_that_is_not_here_is_one_short_sentence(bench: Call) -> None:
    said = bench("run", "--method", "input", "--dataset", "sample", "--device", "mps")
    assert said.startswith("device mps cannot be used here")
    assert len(said) < 300
