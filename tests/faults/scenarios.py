"""The commands that faults are tried on: what each begins with, what it is asked, and what must come of it."""

import hashlib
import json
import shutil
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from fault_cases import HERE, Fault, Host

from benchmark.results.run import Run
from ifan.photographs.files import Photograph, write_photograph
from realdof.images.files import write_pixels

# Makes the helper modules of other folders importable.
sys.path[:0] = [str(HERE.parent / "benchmark"), str(HERE.parent / "realdof")]

NAMES = ("a", "b", "c")
MODULE = HERE / "small_sets.py"
"""What commands need that are no command lines, or that work on published sets."""


SPOILS: dict[str, Callable[[Path], None]] = {
    "deleted": lambda path: path.unlink(),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:100]),
    "emptied": lambda path: path.write_bytes(b""),
    "replaced": lambda path: write_pixels(path, np.zeros((64, 64, 3), np.uint8)),
    "another size": lambda path: write_pixels(path, np.zeros((80, 64, 3), np.uint8)),
}


@dataclass(frozen=True)
class Scenario:
    """A command and its promise.

    Parameters
    ----------
    prepare
        Fills a folder with what the command begins with.
    words
        The command, given that folder.
    figures
        What a finished command leaves, without times and dates.
    kept
        What may never be lost, whatever happens: finished work of an earlier command.
    inputs
        Folders and files in it that the command only reads.
    products
        Patterns of files that are there whole, as an undisturbed command writes them, or not at all.
    lacking
        Whether a product itself says what it lacks, because an input could not be read.
    claims
        Whether it claims its folder, the mark of which a disk that fails in the end keeps until the next command.
    goes_on
        Whether it tells what is wrong with one input beside its name, and goes on with the others.
    before
        Modules whose ``prepare`` is called in the command's process first.
    """

    prepare: Callable[[Path, Host], None]
    words: Callable[[Path], list[str]]
    figures: Callable[[Path], Any]
    kept: Callable[[Path], set[str]] = lambda folder: set()
    inputs: tuple[str, ...] = ("pairs",)
    before: tuple[Path, ...] = ()
    products: tuple[str, ...] = ()
    lacking: Callable[[Path], bool] = lambda folder: False
    claims: bool = False
    goes_on: bool = False


def hashes(folder: Path, *patterns: str) -> dict[str, str]:
    """Every file's hash by its place, hidden ones too."""
    every = {path for pattern in patterns or ("**/*",) for path in folder.glob(pattern) if path.is_file()}
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(every)
    }


def make_pairs(root: Path, *more: str) -> Path:
    """Three pairs of 64 px, and other folders of outputs that someone made."""
    generator = np.random.default_rng(0)
    for name in NAMES:
        target = generator.integers(0, 256, (64, 64, 3), dtype=np.uint8)
        for number, folder in enumerate(("target", "source", *more)):
            write_pixels(root / folder / f"{name}.png", np.roll(target, number, axis=0))
    return root


def of_runs(folder: Path, results: str = "results") -> dict[str, Any]:
    """Scores, outputs and summary of every run; every run is finished, and no temporary file is left."""
    found = {}
    for description in sorted((folder / results).glob("*/*/*/run.json")):
        run = Run(description.parent)
        assert run.finished, run.path
        scores = {name: dict(record.scores) for name, record in run.records().items()}
        place = run.path.relative_to(folder / results).as_posix()
        found[place] = (dict(sorted(scores.items())), hashes(run.path, "outputs/**/*"), run.description.doubts)
    temporary = list((folder / results).rglob(".*"))
    assert not temporary, temporary
    return found


def lines_of(folder: Path, results: str = "results") -> set[str]:
    """The finished records of every run, without what tells attempts apart."""
    kept = set()
    for records in (folder / results).glob("*/*/*/records.jsonl"):
        for line in records.read_text(encoding="utf-8").split("\n")[:-1]:
            record = json.loads(line)
            kept.add(f"{records.parent.parent.name}/{record['name']}: {sorted(record['scores'].items())}")
    return kept


def _run(folder: Path, *more: str) -> list[str]:
    return [
        "ifan-bench", "run", "--method", "input", "--dataset", "folder", "--root", str(folder / "pairs"), "--results",
        str(folder / "results"), "--metrics", "psnr,mae", *more,
    ]  # fmt: skip


def _score(folder: Path, outputs: str = "near", results: str = "results") -> list[str]:
    return [
        "ifan-bench", "score", str(folder / "pairs" / outputs), "--name", outputs, "--dataset", "folder", "--root",
        str(folder / "pairs"), "--results", str(folder / results), "--metrics", "psnr,mae",
    ]  # fmt: skip


def _begin(folder: Path, host: Host) -> None:
    make_pairs(folder / "pairs", "near")


def _done(folder: Path, host: Host, *commands: list[str]) -> None:
    for words in commands:
        ended = host(folder, words)
        assert ended.status == 0, ended.said


def _stopped(folder: Path, host: Host) -> None:
    """A run that was killed after its first image."""
    _begin(folder, host)
    for at in range(40, 400):
        shutil.rmtree(folder / "results", ignore_errors=True)
        host(folder, _run(folder), Fault(at, "kill before"))
        if lines_of(folder):
            return
    raise AssertionError("no run was stopped between two images")


def _finished(folder: Path, host: Host) -> None:
    _begin(folder, host)
    _done(folder, host, _run(folder))


def _two_runs(folder: Path, host: Host) -> None:
    _finished(folder, host)
    _done(folder, host, _score(folder))
    # So that both have outputs to show.
    (run,) = (folder / "results").glob("*/near/*")
    shutil.copytree(folder / "pairs" / "near", run / "outputs", dirs_exist_ok=True)


def _two_folders(folder: Path, host: Host) -> None:
    """A finished run and part of another here, and all of the other elsewhere."""
    _two_runs(folder, host)
    shutil.move(folder / "results", folder / "theirs")
    _stopped(folder, host)


def _archive(folder: Path, host: Host) -> None:
    from published_trees import write_tree

    tree = write_tree("realdof", folder / "tree")
    with zipfile.ZipFile(folder / "set.zip", "w") as archive:
        for file in sorted(tree.rglob("*.png")):
            archive.write(file, file.relative_to(tree).as_posix())
    shutil.rmtree(tree)


def _captures(folder: Path, host: Host) -> None:
    from build_helpers import SIMULATION

    from realdof.simulation.simulate import simulate_scene

    simulate_scene(folder / "captures" / "001", SIMULATION, 1, "textured")


def _built(folder: Path, host: Host) -> None:
    _captures(folder, host)
    _done(folder, host, _build(folder))


def _build(folder: Path) -> list[str]:
    return ["realdof", "build", str(folder / "captures"), str(folder / "built")]


def _of_build(folder: Path) -> dict[str, str]:
    found = hashes(folder / "built")
    assert not [name for name in found if Path(name).name.startswith(".")], found
    return found


def _all_of(*patterns: str) -> Callable[[Path], dict[str, str]]:
    def figures(folder: Path) -> dict[str, str]:
        found = hashes(folder, *patterns)
        assert found
        assert not [name for name in found if Path(name).name.startswith(".")], found
        return found

    return figures


def _without_pictures(folder: Path) -> bool:
    page = folder / "site" / "index.html"
    return page.is_file() and " has no pictures here: " in page.read_text(encoding="utf-8")


def _weights(folder: Path) -> Any:
    import torch

    state = torch.load(folder / "training" / "last.pt", weights_only=True)
    left = sorted(path.name for path in (folder / "training").iterdir() if path.name.startswith("."))
    assert not left, left
    return state["step"], [value.tolist() for value in state["module"].values()]


def _photographs(folder: Path, host: Host) -> None:
    generator = np.random.default_rng(0)
    for name, kind in (("a.png", np.uint8), ("b.tiff", np.uint16), ("c.jpg", np.uint8)):
        pixels = generator.integers(0, np.iinfo(kind).max, (64, 80, 3)).astype(kind)
        write_photograph(folder / "photographs" / name, Photograph(pixels))


def _report(folder: Path) -> list[str]:
    return [
        "ifan-bench", "report", str(folder / "results"), "--out", str(folder / "site"), "--root",
        f"folder={folder / 'pairs'}",
    ]  # fmt: skip


def _reported(folder: Path, host: Host) -> None:
    _two_runs(folder, host)
    _done(folder, host, _report(folder))


SCENARIOS = {
    "run": Scenario(_begin, _run, of_runs, products=("results/*/*/*/outputs/*.png",)),
    "run that goes on": Scenario(_stopped, _run, of_runs, lines_of, products=("results/*/*/*/outputs/*.png",)),
    "run --again": Scenario(_finished, lambda folder: _run(folder, "--again"), of_runs, lines_of),
    "score": Scenario(_begin, _score, of_runs),
    "rescore": Scenario(
        _finished,
        lambda folder: [
            "ifan-bench", "results", "rescore", "input", "--protocol", "aligned", "--metrics", "psnr,mae",
            "--root", str(folder / "pairs"), "--results", str(folder / "results"),
        ],
        of_runs, lines_of,
    ),
    "merge": Scenario(
        _two_folders,
        lambda folder: ["ifan-bench", "results", "merge", str(folder / "theirs"), "--results", str(folder / "results")],
        of_runs, lines_of, ("pairs", "theirs"),
    ),
    "prune": Scenario(
        _two_runs,
        lambda folder: [
            "ifan-bench", "results", "prune", "--outputs", "--yes", "--results", str(folder / "results"),
        ],
        of_runs, lines_of,
    ),
    "export": Scenario(
        _two_runs,
        lambda folder: [
            "ifan-bench", "results", "export", "--results", str(folder / "results"), "--out", str(folder / "table.csv"),
        ],
        _all_of("*.csv"), inputs=("pairs", "results"), products=("*.csv",),
    ),
    "leaderboard": Scenario(
        _two_runs,
        lambda folder: [
            "ifan-bench", "leaderboard", "--dataset", "folder", "--results", str(folder / "results"), "--format",
            "latex", "--out", str(folder / "board"),
        ],
        _all_of("board/**/*"), inputs=("pairs", "results"), products=("board/**/*",),
    ),
    "compare": Scenario(
        _two_runs,
        lambda folder: [
            "ifan-bench", "compare", "input", "near", "--results", str(folder / "results"), "--pictures",
            str(folder / "strips"),
        ],
        _all_of("strips/**/*"), inputs=("pairs", "results"), products=("strips/**/*",),
    ),
    "report": Scenario(
        _two_runs,
        _report,
        _all_of("site/**/*"), inputs=("pairs", "results"), products=("site/**/*",),
        lacking=_without_pictures,
    ),
    "report again": Scenario(
        _reported,
        _report,
        _all_of("site/**/*"), inputs=("pairs", "results"), products=("site/**/*",),
        lacking=_without_pictures,
    ),
    "data get": Scenario(
        _archive,
        lambda folder: [
            "ifan-bench", "data", "get", "realdof", "--from", str(folder / "set.zip"), "--root", str(folder / "set"),
        ],
        _all_of("set/**/*"), inputs=("set.zip",), before=(MODULE,), products=("set/**/*",),
    ),
    "build": Scenario(
        _captures, _build, _of_build, inputs=("captures",),
        products=("built/source/*", "built/target/*", "built/*.json"), claims=True,
    ),
    "report of a build": Scenario(
        _built, lambda folder: ["realdof", "report", str(folder / "built")], _of_build, inputs=("captures",),
    ),
    "develop": Scenario(
        _captures,
        lambda folder: [
            "realdof", "develop", str(folder / "captures/001/target/A.ARW"), "-o", str(folder / "developed.png"),
            "--overwrite",
        ],
        _all_of("developed.png"), inputs=("captures",), products=("developed.png",),
    ),
    "deblur": Scenario(
        _photographs,
        lambda folder: [
            "ifan", "deblur", str(folder / "photographs"), "-o", str(folder / "sharp"), "--weights", "synthetic",
            "--disparity", "--skip-existing",
        ],
        _all_of("sharp/*"), inputs=("photographs",), products=("sharp/*",), goes_on=True,
    ),
    "synthesize": Scenario(
        _photographs,
        lambda folder: [
            "ifan", "synthesize", str(folder / "photographs"), str(folder / "set"), "--size", "64", "--count", "4",
        ],
        # In the command's own process, where calls can fail; test_kills.py kills it with workers.
        _all_of("set/**/*"), inputs=("photographs",), before=(HERE / "one_process.py",), products=("set/**/*",),
    ),
    "train": Scenario(
        lambda folder, host: None, lambda folder: ["small_sets:train", str(folder / "training")], _weights, inputs=(),
        before=(MODULE,),
    ),
}  # fmt: skip


def unchanged(folder: Path, inputs: tuple[str, ...]) -> dict[str, str]:
    """Hashes of what a command only reads."""
    if not inputs:
        return {}
    return hashes(folder, *(pattern for name in inputs for pattern in (name, f"{name}/**/*")))
