"""A run on disk: ids stay, attempts are noted, and a damaged or hostile file is one sentence."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from made_results import ENVIRONMENT, made_record, made_settings, make_run, open_run

from benchmark.metrics.card import MetricCard
from benchmark.results.choice import choose, every_run
from benchmark.results.run import Run
from benchmark.results.settings import check_name
from realdof.common.errors import InputError
from realdof.common.files import inside

OTHER_TORCH = ENVIRONMENT.model_copy(update={"packages": {"torch": "9.9"}})


def test_an_id_is_what_the_first_release_computed_from_the_same_settings() -> None:
    settings = made_settings(method="ifan", weights="ab", dataset="sample", images="cd", count=10)
    assert settings.id == "206d1649cafc"
    assert settings.model_copy(update={"rescored": "0123456789ab"}).id != settings.id


def test_the_first_attempt_has_date_versions_hardware_and_command_line(tmp_path: Path) -> None:
    (attempt,) = open_run(tmp_path, made_settings()).attempts
    assert attempt.date
    assert attempt.device == ENVIRONMENT.device
    assert attempt.command == ENVIRONMENT.command


@pytest.mark.parametrize(
    ("environment", "again", "numbers"),
    [(OTHER_TORCH, False, [0, 1]), (ENVIRONMENT, True, [0, 1]), (ENVIRONMENT, False, [0, 0])],
    ids=["resumed on another torch", "again", "resumed on the same"],
)
def test_another_torch_or_again_is_a_second_attempt_and_records_name_theirs(
    tmp_path: Path, environment, again: bool, numbers: list[int]
) -> None:
    first = open_run(tmp_path, made_settings())
    first.begin(ENVIRONMENT, again=False)
    first.append(made_record("000"))
    later = open_run(tmp_path, made_settings(), environment=environment)
    later.begin(environment, again=again)
    later.append(made_record("001"))
    read = Run(first.path)
    assert [record.attempt for record in read.records().values()] == numbers
    assert read.attempts[numbers[1]].packages == environment.packages
    assert len(read.attempts) == numbers[1] + 1


def test_an_attempt_that_made_nothing_is_replaced(tmp_path: Path) -> None:
    open_run(tmp_path, made_settings())
    run = open_run(tmp_path, made_settings())
    run.begin(OTHER_TORCH, again=False)
    assert [attempt.packages for attempt in Run(run.path).attempts] == [OTHER_TORCH.packages]


def test_cards_of_metrics_are_gained_and_never_lost(tmp_path: Path) -> None:
    cards = {
        name: MetricCard(name=name, title=name, better="higher", decimals=2, range=(0.0, float("inf")), source="")
        for name in ("psnr", "mine")
    }
    open_run(tmp_path, made_settings(), metrics={"psnr": cards["psnr"]})
    run = open_run(tmp_path, made_settings(), metrics={"mine": cards["mine"]})
    assert Run(run.path).columns == cards


def test_a_run_with_one_more_metric_keeps_the_cards_of_both(tmp_path: Path) -> None:
    cards = {
        name: MetricCard(name=name, title=name, better="higher", decimals=2, range=(0.0, float("inf")), source="")
        for name in ("psnr", "mine")
    }
    open_run(tmp_path, made_settings(), metrics={"psnr": cards["psnr"]})
    for metrics in (cards, {"psnr": cards["psnr"]}):
        assert Run(open_run(tmp_path, made_settings(), metrics=metrics).path).columns == cards


def test_a_score_that_is_nan_is_refused_and_an_infinite_one_survives(tmp_path: Path) -> None:
    run = open_run(tmp_path, made_settings())
    run.append(made_record("000", scores={"psnr": float("inf"), "in-focus-harm": float("-inf")}))
    assert run.records()["000"].scores == {"psnr": float("inf"), "in-focus-harm": float("-inf")}
    assert '"inf"' in (run.path / "records.jsonl").read_text()
    with pytest.raises(ValueError, match="not NaN"):
        made_record("001", scores={"psnr": float("nan")})


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../a", "a\\b", ".hidden", "a\nb", "a\0b", "x" * 300, "a:b"])
def test_a_name_that_is_no_file_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="cannot be a name"):
        check_name(name)
    if not name.startswith((".h", "x", "a\n", "a:")):
        with pytest.raises(InputError, match="lead out of"):
            inside(tmp_path, "outputs", name)


@pytest.mark.parametrize("name", ["Ährenfeld", "写真", "ＡＢ", "one photo 😀"])
def test_a_name_may_have_letters_of_every_script(name: str) -> None:
    assert check_name(name) == name


def test_the_name_of_a_file_that_is_no_utf_8_is_refused() -> None:
    with pytest.raises(InputError, match="cannot be a name"):
        check_name(os.fsdecode(b"photo\xff"))


DEEP = "[" * 100_000
RUN_FILES: dict[str, tuple[str | Callable[[dict], object], str]] = {
    "null": ("null", "the whole: input should be an object"),
    "a list": ("[1]", "the whole: input should be an object"),
    "cut off": ('{"schema": 2', "is no JSON"),
    "nested deeply": (DEEP, "nested too deeply"),
    "another schema": (lambda run: run.update(schema=3), r"schema: input should be 2, found 3"),
    "settings null": (lambda run: run.update(settings=None), "settings: input should be an object"),
    "count as text": (lambda run: run["settings"].update(count="4"), "settings.count: input should be a valid integer"),
    "unknown key": (lambda run: run.update(surprise=1), "surprise: there is no such field"),
    "traversal": (lambda run: run["settings"].update(method="../x"), "settings.method: value error, '../x' cannot be"),
    "rescored": (lambda run: run["settings"].update(rescored="../../x"), "settings.rescored: value error"),
    "complexity": (lambda run: run.update(complexity={"parameters": 1}), "complexity.macs: field required"),
    "attempts": (lambda run: run.update(attempts=[None]), "attempts.0: input should be an object"),
    "NaN": (lambda run: run.update(summary={"scores": {"psnr": float("nan")}, "done": 1, "total": 1}), "not NaN"),
}


@pytest.mark.parametrize("fault", RUN_FILES)
def test_a_wrong_run_json_is_one_sentence_with_file_and_field(tmp_path: Path, fault: str) -> None:
    change, said = RUN_FILES[fault]
    path = make_run(tmp_path, "a", 25.0).path / "run.json"
    if callable(change):
        content = json.loads(path.read_text())
        change(content)
        change = json.dumps(content)
    path.write_text(change)
    with pytest.raises(InputError, match=said) as refused:
        every_run(tmp_path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


RECORD_LINES = {
    "null": ("null", "the whole: input should be an object"),
    "a list": ("[]", "the whole: input should be an object"),
    "no JSON": ("{name: 1}", "is no JSON"),
    "nested deeply": (DEEP, "nested too deeply"),
    "no name": ('{"status": "ok"}', "name: field required"),
    "a score as text": ('{"name": "x", "status": "ok", "scores": {"psnr": "25"}}', "scores.psnr"),
    "a score that is NaN": ('{"name": "x", "status": "ok", "scores": {"psnr": NaN}}', "scores.psnr"),
    "endless time": ('{"name": "x", "status": "ok", "seconds": 1e999}', "seconds"),
    "a name that leads out": ('{"name": "../x", "status": "ok"}', "name: value error"),
    "an unknown status": ('{"name": "x", "status": "fine"}', "status"),
    "a huge number": ('{"name": "x", "status": "ok", "seconds": ' + "9" * 5000 + "}", "is no JSON"),
}


@pytest.mark.parametrize("fault", RECORD_LINES)
def test_a_wrong_record_is_one_sentence_with_file_line_and_field(tmp_path: Path, fault: str) -> None:
    line, said = RECORD_LINES[fault]
    run = make_run(tmp_path, "a", [25.0])
    with (run.path / "records.jsonl").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(InputError, match=said) as refused:
        run.records()
    assert str(refused.value).startswith(f"{run.path / 'records.jsonl'}, line 2")


@pytest.mark.parametrize("name", ["run.json", "records.jsonl"])
def test_a_pipe_in_place_of_a_file_is_refused_and_nothing_waits_for_it(tmp_path: Path, name: str) -> None:
    run = make_run(tmp_path, "a", [25.0])
    (run.path / name).unlink()
    os.mkfifo(run.path / name)
    with pytest.raises(InputError, match=r"is no regular file|is no file of records"):
        choose(tmp_path, "a").records()
    with pytest.raises(InputError, match="is no regular file"):
        make_run(tmp_path, "a", [25.0])


def test_an_output_never_lies_outside_its_run(tmp_path: Path) -> None:
    run = make_run(tmp_path, "a", [25.0])
    assert run.output("000") == run.path / "outputs" / "000.png"
    with pytest.raises(InputError, match="lead out of"):
        run.output("../../000")


def test_a_data_sets_name_is_no_pattern(tmp_path: Path) -> None:
    make_run(tmp_path, "a", 25.0, dataset="dpdd@[x]")
    make_run(tmp_path, "a", 25.0, dataset="dpdd@x")
    assert [run.settings.dataset for run in every_run(tmp_path, "dpdd@[x]")] == ["dpdd@[x]"]
    with pytest.raises(InputError, match="cannot be a name"):
        every_run(tmp_path, "../*")
