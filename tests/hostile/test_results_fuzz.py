"""Results folders that a stranger sends: every command reads them, or refuses them in one sentence."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases import cases
from hypothesis import given
from hypothesis import strategies as st
from made_results import make_run
from mutations import NAMES, RAW, changed_json, json_files
from watch import outcome

from benchmark import registry
from benchmark.leaderboards import build as boards
from benchmark.leaderboards.compare import compare, image_table, summary_table, to_json, write_strips
from benchmark.leaderboards.measured import measured_in
from benchmark.leaderboards.paper_tables import render
from benchmark.leaderboards.render import formats
from benchmark.leaderboards.render.runs import provenance_table, records_table, runs_table
from benchmark.leaderboards.render.tables import SUFFIXES, rendered
from benchmark.notebook import load_results
from benchmark.results.choice import choose, every_run
from benchmark.results.export import as_csv, as_json, export_rows
from benchmark.results.merge import merge
from benchmark.results.prune import removable
from benchmark.results.run import Run
from benchmark.results.submission import check_submission
from benchmark.running.task import open_task_of
from realdof.images.files import write_pixels

pytestmark = pytest.mark.slow
PIXELS = np.zeros((64, 64, 3), np.uint16)
Whole = tuple[Path, dict[str, Any], list[Any]]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """A results folder with a good run, and the content of one that is to be spoilt."""
    results = tmp_path_factory.mktemp("results")
    metrics = {"psnr": registry.find_metric_card("psnr")}
    good = make_run(results, "good", [25.0, 26.0, 27.5], metrics=metrics)
    bad = make_run(results, "bad", [24.0, 26.5, 27.0], metrics=metrics)
    for run in (good, bad):
        for name in run.records():
            write_pixels(run.own_output(name), PIXELS)
    description = json.loads((bad.path / "run.json").read_text())
    records = [json.loads(line) for line in (bad.path / "records.jsonl").read_text().splitlines()]
    records[0] |= {
        "stages": {"map": 0.1},
        "tiling": "1040 px, overlap 520 px",
        "groups": {"scene": "s"},
        "target": "000",
    }
    return results, description, records


def readers(results: Path, bad: Path, good: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """Whatever reads results, by the command that does."""

    def leaderboard() -> None:
        board = boards.build(results, "dpdd", "ifan-cvpr21")
        for text in (formats.to_csv(board), formats.to_json(board)):
            assert text
        for kind in ("markdown", "latex", "html"):
            rendered(formats.to_table(board), kind)
        assert "<script>alert" not in rendered(formats.to_table(board), "html")

    def comparison() -> None:
        found = compare(Run(bad), Run(good))
        to_json(found)
        for table in (summary_table(found), *(image_table(found, metric, 2) for metric in found.metrics)):
            for kind in SUFFIXES:
                rendered(table, kind)
        for metric in found.metrics:
            write_strips(found, metric, 1, results / "strips")

    def show() -> None:
        run = choose(results, "bad")
        for table in (runs_table(every_run(results)), provenance_table(run), records_table(run)):
            for kind in SUFFIXES:
                rendered(table, kind)

    def export() -> None:
        rows = export_rows(every_run(results))
        as_csv(rows)
        as_json(rows)
        load_results(results)

    def merging() -> None:
        shutil.rmtree(results / "merged", ignore_errors=True)
        merge(results, results / "merged")

    def submit() -> None:
        shutil.rmtree(results / "merged", ignore_errors=True)
        for checked in check_submission(results):
            assert all(len(problem) < 4000 for problem in checked.problems)

    yield "leaderboard", leaderboard
    yield "compare", comparison
    yield "results show", show
    yield "results export", export
    yield "results merge", merging
    yield "submit-check", submit
    yield "results prune", lambda: list(removable(every_run(results), unfinished=True, outdated=True, outputs=False))
    yield "paper table", lambda: render("4", measured_in(results))
    yield "rescore", lambda: open_task_of(Run(bad), "ifan-cvpr21", None, root=results / "nowhere")


def read_all(results: Path) -> None:
    bad = next((results / "dpdd" / "bad").iterdir())
    good = next((results / "dpdd" / "good").iterdir())
    every = dict(readers(results, bad, good))
    if not outcome("results (read)", results, lambda: (Run(bad).records(), Run(bad).summary())):
        # What cannot be read at all is refused alike by every command; these two report it in a way of their own.
        every = {name: every[name] for name in ("submit-check", "results prune")}
    for name, call in every.items():
        outcome(f"results ({name})", results.parent if name == "rescore" else results, call)


def spoil(whole: Whole, description: bytes, records: bytes) -> Path:
    results = whole[0]
    bad = next((results / "dpdd" / "bad").iterdir())
    (bad / "run.json").write_bytes(description)
    (bad / "records.jsonl").write_bytes(records)
    return results


def lines(records: list[Any]) -> bytes:
    return b"".join(json.dumps(record).encode("utf-8", "surrogatepass") + b"\n" for record in records)


@cases(700)
@given(data=st.data())
def test_run_json(data: st.DataObject, whole: Whole) -> None:
    read_all(spoil(whole, data.draw(json_files(whole[1])), lines(whole[2])))


@cases(500)
@given(data=st.data())
def test_records(data: st.DataObject, whole: Whole) -> None:
    records = data.draw(changed_json(whole[2]))
    if not isinstance(records, list):
        records = [records]
    content = lines(records)
    if data.draw(st.integers(0, 5)) == 0:
        content += data.draw(st.sampled_from(RAW)) + b"\n"
    read_all(spoil(whole, json.dumps(whole[1]).encode(), content))


FIELDS = (
    "total",
    "complexity",
    "summary",
    "attempts",
    "metrics",
    "weights",
    "method",
    "measured",
    "finished",
    "settings",
)


@cases(500)
@given(data=st.data())
def test_one_field_of_run_json(data: st.DataObject, whole: Whole) -> None:
    """One change in one field, which leaves most of the file to be believed."""
    field = data.draw(st.sampled_from(FIELDS))
    made = data.draw(changed_json([whole[1][field]]))
    changed = {**whole[1], field: made[0] if isinstance(made, list) and made else made}
    read_all(spoil(whole, json.dumps(changed).encode("utf-8", "surrogatepass"), lines(whole[2])))


@cases(300)
@given(
    name=st.sampled_from(NAMES) | st.text(max_size=30),
    place=st.sampled_from(("id", "record", "dataset", "method", "rescored", "metric")),
)
def test_names_lead_nowhere(name: str, place: str, whole: Whole) -> None:
    description, records = json.loads(json.dumps(whole[1])), json.loads(json.dumps(whole[2]))
    match place:
        case "id":
            description["id"] = name
        case "record":
            records[0]["name"] = name
        case "metric":
            description["metrics"]["psnr"]["name"] = name
            records[0]["scores"][name] = 3.0
        case _:
            description["settings"][place] = name
    read_all(spoil(whole, json.dumps(description).encode(), lines(records)))


NUMBERS = ("1e308", "-1e308", "1e400", "NaN", "Infinity", "-Infinity", '"inf"', "9" * 400, "9" * 5000)


@pytest.mark.parametrize("number", NUMBERS)
def test_scores_that_no_image_has(number: str, whole: Whole) -> None:
    records = lines(whole[2])
    for wanted in (b'"psnr": 24.0', b'"seconds": 0.5', b'"ssim": 0.7'):
        spoilt = records.replace(wanted, wanted.partition(b":")[0] + b": " + number.encode())
        assert spoilt != records
        read_all(spoil(whole, json.dumps(whole[1]).encode(), spoilt))
