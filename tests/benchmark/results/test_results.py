"""Results folders: merging loses nothing, pruning takes what was asked, and a submission is checked."""

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_results import ENVIRONMENT, made_record, make_run, scattered
from typer.testing import CliRunner

from benchmark.commands.app import app
from benchmark.results.choice import choose, every_run
from benchmark.results.export import export_rows
from benchmark.results.merge import merge
from benchmark.results.run import Run
from benchmark.results.settings import Settings
from benchmark.results.submission import check_submission
from realdof.common.errors import InputError
from realdof.images.files import write_pixels


def invoke(*words: object, status: int = 0) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert result.exit_code == status, result.output
    return result.output


def with_outputs(folder: Run, bits: int = 16) -> Run:
    kind = np.uint16 if bits == 16 else np.uint8
    for name, record in folder.records().items():
        if record.status == "ok":
            write_pixels(folder.output(name), np.full((64, 64, 3), 7, kind))
    return folder


def test_merging_brings_runs_records_and_outputs_and_leaves_the_source(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    make_run(here, "a", 25.0)
    brought = with_outputs(make_run(there, "b", scattered(24.0, 3)))
    merged = merge(there, here)
    assert [(one.records, one.outputs) for one in merged] == [(3, 3)]
    copy = choose(here, "b")
    assert copy.records() == brought.records()
    assert copy.description.summary == brought.description.summary
    assert copy.finished is True
    assert copy.description.created == brought.description.created
    assert {run.settings.method for run in every_run(here)} == {"a", "b"}
    assert len(brought.records()) == 3


def test_halves_of_one_run_made_on_two_machines_become_a_whole(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    whole = make_run(tmp_path / "whole", "a", scattered(25.0, 6))
    for place, kept in ((here, slice(0, 4)), (there, slice(2, 6))):
        shutil.copytree(tmp_path / "whole", place)
        path = next(place.rglob("records.jsonl"))
        path.write_text("".join(path.read_text().splitlines(keepends=True)[kept]))
    assert [one.records for one in merge(there, here)] == [2]
    assert choose(here, "a").records() == whole.records()
    assert [one.records for one in merge(there, here)] == [0], "merging again changes nothing"


def test_a_good_record_replaces_a_failed_one_and_never_the_other_way(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for place, failed in ((here, "000"), (there, "001")):
        folder = make_run(place, "a", [25.0, 26.0])
        folder.append(made_record(failed, "failed", error="RuntimeError: no luck"))
    merge(there, here)
    assert {record.status for record in choose(here, "a").records().values()} == {"ok"}


def test_a_metric_measured_elsewhere_joins_the_others(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for place, scores in ((here, {"psnr": 25.0}), (there, {"psnr": 25.0, "extra": 0.3})):
        make_run(place, "a", [25.0]).append(made_record("000", "ok", scores, 0.5))
    merge(there, here)
    assert choose(here, "a").records()["000"].scores == {"psnr": 25.0, "extra": 0.3}


def test_scores_that_contradict_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    make_run(here, "b", [25.0, 26.0])
    make_run(there, "a", [20.0])
    make_run(there, "b", [25.0, 26.5])
    with pytest.raises(InputError, match=r"psnr 26\.500000 for 001, .* has 26\.000000"):
        merge(there, here)
    assert [run.settings.method for run in every_run(here)] == ["b"]


def rewritten(folder: Run, change: Callable[[dict[str, Any]], None]) -> None:
    """Edit ``run.json`` by hand."""
    content = json.loads((folder.path / "run.json").read_text())
    change(content)
    (folder.path / "run.json").write_text(json.dumps(content))


def escaping(content: dict[str, Any]) -> None:
    content["settings"]["method"] = "../../../elsewhere"
    content["id"] = Settings.model_construct(**content["settings"]).id


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda content: content["settings"].update(method="better"), "was edited by hand"),
        (escaping, "cannot be a name in a results folder"),
    ],
)
def test_edited_and_hostile_runs_are_refused(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], said: str
) -> None:
    folder = make_run(tmp_path / "there", "a", 25.0)
    rewritten(folder, change)
    with pytest.raises(InputError, match=said):
        merge(tmp_path / "there", tmp_path / "here")
    assert not (tmp_path / "here").exists()


def test_an_image_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "there", "a", [25.0])
    line = made_record("x", "ok", {"psnr": 1.0}).model_copy(update={"name": "../../x"}).model_dump_json()
    with (folder.path / "records.jsonl").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(InputError, match="cannot be a name"):
        merge(tmp_path / "there", tmp_path / "here")


def test_export_has_a_row_an_image_and_every_score(tmp_path: Path) -> None:
    values = [25.123456789012345, float("inf")]
    make_run(tmp_path, "a", values, failed=1)
    rows = list(csv.DictReader(io.StringIO(invoke("results", "export", "--results", tmp_path))))
    assert [float(row["psnr"]) for row in rows[:2]] == values
    assert [row["status"] for row in rows] == ["ok", "ok", "failed"]
    assert rows[2]["error"] == "RuntimeError: no luck"
    as_json = json.loads(invoke("results", "export", "--results", tmp_path, "--format", "json"))
    assert as_json[1]["psnr"] == "inf"
    assert len(export_rows(every_run(tmp_path))) == 3


def test_list_and_show_tell_what_is_there(tmp_path: Path) -> None:
    folder = make_run(tmp_path, "a", [25.0, 26.0], failed=1)
    listed = invoke("results", "list", "--results", tmp_path)
    assert folder.path.name in listed
    assert "2 of 3" in listed
    shown = invoke("results", "show", "a", "--results", tmp_path)
    assert "RuntimeError: no luck" in shown
    assert "hash of official" in shown


def test_prune_lists_first_and_deletes_only_when_told(tmp_path: Path) -> None:
    whole = with_outputs(make_run(tmp_path, "a", 25.0))
    make_run(tmp_path, "b", 25.0, failed=1)
    make_run(tmp_path, "c", 25.0, version=0)
    assert "nothing was removed" in invoke("results", "prune", "--results", tmp_path, "--unfinished", "--outdated")
    assert len(every_run(tmp_path)) == 3
    invoke("results", "prune", "--results", tmp_path, "--unfinished", "--outdated", "--yes")
    assert [run.settings.method for run in every_run(tmp_path)] == ["a"]
    assert not (tmp_path / "dpdd" / "b").exists()
    invoke("results", "prune", "--results", tmp_path, "--outputs", "--yes")
    assert not (whole.path / "outputs").exists()
    assert len(whole.records()) == 4


def test_prune_must_be_told_what(tmp_path: Path) -> None:
    make_run(tmp_path, "a", 25.0)
    result = CliRunner().invoke(app, ["results", "prune", "--results", str(tmp_path), "--yes"])
    assert isinstance(result.exception, InputError)
    assert len(every_run(tmp_path)) == 1


def test_a_sound_submission_passes(tmp_path: Path) -> None:
    with_outputs(make_run(tmp_path, "a", scattered(25.0, 3)))
    assert "all is well" in invoke("submit-check", tmp_path)


def test_a_failed_image_of_a_submission_is_not_asked_for_its_output(tmp_path: Path) -> None:
    with_outputs(make_run(tmp_path, "a", scattered(25.0, 3), failed=1))
    (checked,) = check_submission(tmp_path)
    assert checked.problems
    assert not [problem for problem in checked.problems if "output" in problem]


def spoil_id(folder: Run) -> None:
    rewritten(folder, lambda content: content["settings"].update(method="better"))


def spoil_summary(folder: Run) -> None:
    rewritten(folder, lambda content: content["summary"]["scores"].update(psnr=30.0))


def spoil_fields(folder: Run) -> None:
    rewritten(folder, lambda content: content["settings"].pop("images"))


def spoil_score(folder: Run) -> None:
    folder.append(made_record("000", "ok", {"psnr": 30.0, "ssim": 1.2, "mae": 0.01, "lpips": 0.1}))


def spoil_pair(folder: Run) -> None:
    folder.append(made_record("000", "ok", {"psnr": 40.0, "ssim": 0.9, "mae": 0.02, "lpips": 0.1}))


def spoil_metric(folder: Run) -> None:
    folder.append(made_record("000", "ok", {"psnr": 25.0, "ssim": 0.9, "mae": 0.02}))


def spoil_image(folder: Run) -> None:
    folder.append(made_record("000", "failed", error="RuntimeError: no luck"))


def spoil_output(folder: Run) -> None:
    folder.output("000").unlink()


def spoil_depth(folder: Run) -> None:
    with_outputs(folder, bits=8)


def spoil_file(folder: Run) -> None:
    folder.output("000").write_text("<html>")


def spoil_parameters(run: Run) -> None:
    rewritten(run, lambda content: content["complexity"].update(parameters=-1))


def spoil_macs(run: Run) -> None:
    rewritten(run, lambda content: content["complexity"].update(macs=0))


def spoil_complexity(run: Run) -> None:
    rewritten(run, lambda content: content["complexity"].pop("macs"))


def spoil_tiling(run: Run) -> None:
    run.append(made_record("000", "ok", {"psnr": 25.0, "ssim": 0.9, "mae": 0.02, "lpips": 0.1}, tiling="wide"))


def spoil_attempts(run: Run) -> None:
    rewritten(run, lambda content: content.update(attempts=[]))


def spoil_end(run: Run) -> None:
    rewritten(run, lambda content: content.update(finished=False))


def spoil_attempt(run: Run) -> None:
    run.bring(made_record("000", "ok", {"psnr": 25.0, "ssim": 0.9, "mae": 0.02, "lpips": 0.1}, attempt=7))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (spoil_id, "was edited by hand"),
        (spoil_summary, "the summary says psnr 30.000000"),
        (spoil_fields, "settings.images: field required"),
        (spoil_score, "000 has ssim 1.2, outside -1 to 1"),
        (spoil_pair, "000 has MAE 0.0200; with its PSNR it is at most 0.0100"),
        (spoil_metric, "not every image has lpips"),
        (spoil_image, "3 of 4 images have a result"),
        (spoil_output, "000 has no output image"),
        (spoil_depth, "the output of 000 has 8 bits"),
        (spoil_file, "000.png is no PNG, JPEG or TIFF"),
        (spoil_parameters, "complexity.parameters is -1"),
        (spoil_macs, "complexity.macs is 0; it must be above 0"),
        (spoil_complexity, "complexity.macs: field required"),
        (spoil_tiling, "tiling is 'wide'; it must read like '1296, overlap 520'"),
        (spoil_attempt, "attempt 7, which run.json does not list"),
        (spoil_attempts, "run.json lists no attempt, so versions and hardware are unknown"),
        (spoil_end, "the run is not finished; run it again with the same command"),
    ],
)
def test_what_is_wrong_with_a_submission_is_said(tmp_path: Path, spoil: Callable[[Run], None], said: str) -> None:
    folder = with_outputs(make_run(tmp_path, "a", 25.0))
    spoil(folder)
    assert said in invoke("submit-check", tmp_path, status=1)


def test_an_older_protocol_cannot_be_submitted(tmp_path: Path) -> None:
    with_outputs(make_run(tmp_path, "a", 25.0, version=0))
    (checked,) = check_submission(tmp_path)
    assert checked.problems == ("protocol ifan-cvpr21, version 0, is version 1 now",)


def test_published_lint_passes_and_names_what_does_not(tmp_path: Path) -> None:
    assert "no fault" in invoke("published", "lint")
    rows = invoke("published", "lint")
    assert rows.startswith("published.csv: ")


def test_a_run_scored_anew_shares_the_outputs_of_the_run_it_comes_from(tmp_path: Path) -> None:
    origin = with_outputs(make_run(tmp_path, "a", [25.0, 26.0]))
    make_run(tmp_path, "a", [25.5, 26.5], protocol="aligned", rescored=origin.path.name)
    assert all(checked.problems == () for checked in check_submission(tmp_path))
    assert choose(tmp_path, "a", protocol="aligned").output("000") == origin.output("000")
    shutil.rmtree(origin.path / "outputs")
    assert all("has no output image" in checked.problems[0] for checked in check_submission(tmp_path))


def test_merged_records_name_the_attempts_that_made_them(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    make_run(here, "a", [25.0, 26.0], failed=1)
    elsewhere = make_run(there, "a", [25.0, 26.0, 27.0])
    elsewhere.begin(ENVIRONMENT.model_copy(update={"device": "another processor"}), again=False)
    elsewhere.append(made_record("002", "ok", {"psnr": 27.0, "ssim": 0.7, "mae": 0.01, "lpips": 0.3}))
    merge(there, here)
    merged = choose(here, "a")
    record = merged.records()["002"]
    assert record.status == "ok"
    assert merged.attempts[record.attempt].device == "another processor"
    assert merged.attempts[merged.records()["000"].attempt].device == ENVIRONMENT.device


def test_a_submission_needs_no_card_of_each_of_its_scores(tmp_path: Path) -> None:
    run = with_outputs(make_run(tmp_path, "a", [25.0]))
    run.append(made_record("000", "ok", run.records()["000"].scores | {"theirs": 1e6}))
    (checked,) = check_submission(tmp_path)
    assert checked.problems == ()


def test_what_is_no_results_folder_is_told_by_submit_check_and_merge(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    for command in (["submit-check", str(empty)], ["results", "merge", str(empty), "--results", str(tmp_path)]):
        assert isinstance(CliRunner().invoke(app, command).exception, InputError)
    with pytest.raises(InputError, match=r"there is no folder .*empty; a submission is a results folder"):
        check_submission(empty)
    empty.mkdir()
    with pytest.raises(InputError, match="empty has no run; a submission is a results folder with DATASET/METHOD/ID/"):
        check_submission(empty)
    with pytest.raises(InputError, match="empty has no run to merge; it should hold DATASET/METHOD/ID/"):
        merge(empty, tmp_path)


def test_merge_says_what_it_brought_and_brings_nothing_twice(tmp_path: Path) -> None:
    with_outputs(make_run(tmp_path / "there", "a", [25.0, 26.0]))
    words = ("results", "merge", tmp_path / "there", "--results", tmp_path / "here")
    assert "2 records and 2 outputs brought" in invoke(*words)
    assert "0 records and 0 outputs brought" in invoke(*words)


def test_export_writes_a_file_and_names_the_formats_there_are(tmp_path: Path) -> None:
    make_run(tmp_path, "a", [25.0, 26.0])
    words = ("results", "export", "--results", tmp_path)
    assert f"written: {tmp_path / 'rows.csv'}, 2 rows" in invoke(*words, "--out", tmp_path / "rows.csv")
    assert (tmp_path / "rows.csv").read_text(encoding="utf-8") == invoke(*words)
    wrong = CliRunner().invoke(app, [*map(str, words), "--format", "cvs"])
    assert "did you mean csv?" in str(wrong.exception)


def test_published_lint_prints_every_fault_and_has_status_1(tmp_path: Path) -> None:
    from benchmark.leaderboards.published import published_file

    lines = published_file().read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "mine.csv").write_text("".join([*lines, lines[1]]), encoding="utf-8")
    assert f"line {len(lines) + 1}" in invoke("published", "lint", tmp_path / "mine.csv", status=1)


@pytest.mark.parametrize("words", [("published",), ("compare", "a", "b")])
def test_an_unknown_format_is_told_with_the_one_that_was_meant(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, [*words, "--format", "jsn"])
    assert "did you mean json?" in str(done.exception)
