"""Systems other than Linux: our packages do without the modules and calls that only POSIX has."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from made_results import make_run, scattered

from benchmark.datasets.subset import read_names
from benchmark.leaderboards.published import HEADER, read_figures
from benchmark.results.run import Run
from benchmark.studies.file import read_study
from realdof.captures.scene_list import read_scene_list
from realdof.images.files import write_pixels

REFUSE = """
import builtins, sys, os
OURS = ("realdof", "benchmark", "ifan", "baselines")
GONE = {"fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "posix", "syslog"}
imported = builtins.__import__
def refuse(name, globals=None, locals=None, fromlist=(), level=0):
    importer = (globals or {}).get("__name__", "").split(".")[0]
    if importer in OURS and name.split(".")[0] in GONE:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    return imported(name, globals, locals, fromlist, level)
builtins.__import__ = refuse
import filelock, psutil, rich.console, typer, torch, multiprocessing.popen_spawn_posix, subprocess
for name in ("killpg", "pwrite", "sched_getaffinity"):
    delattr(os, name)
"""
"""Refused to importers inside our four packages alone: psutil, filelock and others need them and know what to do."""

EVERYTHING = (
    REFUSE
    + """
import importlib, pkgutil
count = 0
for package in OURS:
    for found in pkgutil.walk_packages(importlib.import_module(package).__path__, package + "."):
        if not found.name.endswith("__main__"):
            try:
                importlib.import_module(found.name)
            except ModuleNotFoundError as error:
                # Of an extra that is not installed, such as scikit-learn.
                if error.name.split(".")[0] in GONE or error.name.split(".")[0] in OURS:
                    raise
            count += 1
print(count)
"""
)

MAIN_JOB = (
    REFUSE
    + """
import json
from benchmark.commands.app import app
from typer.testing import CliRunner
for arguments in json.loads(sys.argv[1]):
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    print(result.output)
    assert result.exit_code == 0, arguments
"""
)


def without_posix(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=300)


def test_every_module_is_imported_without_what_only_posix_has() -> None:
    result = without_posix(EVERYTHING)
    assert result.returncode == 0, result.stderr
    assert int(result.stdout.split()[-1]) > 300


def make_pairs(root: Path) -> None:
    random = np.random.default_rng(0)
    for name in ("a", "b"):
        for folder in ("source", "target"):
            write_pixels(root / folder / f"{name}.png", random.integers(0, 256, (64, 64, 3), dtype=np.uint8))


@pytest.mark.slow
def test_the_main_job_runs_without_what_only_posix_has(tmp_path: Path) -> None:
    make_pairs(tmp_path / "pairs")
    results, out = str(tmp_path / "results"), tmp_path / "out"
    run = ["run", "--method", "input", "--dataset", "folder", "--root", str(tmp_path / "pairs"), "--results", results]
    commands = [
        [*run, "--metrics", "psnr"],
        [*run, "--metrics", "psnr", "--again", "--workers", "2"],
        ["leaderboard", "--dataset", "folder", "--results", results, "--out", str(out)],
        ["results", "merge", results, "--results", str(tmp_path / "merged")],
    ]
    result = without_posix(MAIN_JOB, json.dumps(commands))
    assert result.returncode == 0, result.stdout + result.stderr
    assert list(out.iterdir())


def test_a_limit_that_the_system_cannot_keep_is_refused() -> None:
    program = REFUSE + "from benchmark.running.workers import Workers\nWorkers(2, None, 10**9)"
    result = without_posix(program)
    assert "--worker-memory needs a system that limits" in result.stderr


def two_runs(results: Path, name: str) -> None:
    make_run(results, "a", scattered(25.0, 6))
    make_run(results, name, scattered(24.0, 6, seed=1))


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "ascii", "utf-8", "utf-16"])
def test_a_terminal_of_another_encoding_stops_no_command(tmp_path: Path, encoding: str) -> None:
    name = "m\u00e9thode \u2191 \u4e2d"
    two_runs(tmp_path, name)
    program = (
        "import sys\nfrom benchmark.commands.app import app\nfrom realdof.common.console import run_app\n"
        f"for words in (['results', 'list'], ['leaderboard', '--dataset', 'dpdd'], ['compare', 'a', {name!r}]):\n"
        f"    sys.argv = ['ifan-bench', *words, '--results', {str(tmp_path)!r}]\n"
        "    try:\n        run_app(app)\n    except SystemExit as end:\n        assert not end.code, words\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, timeout=300,
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr[-900:]
    assert "dpdd" in result.stdout.decode(encoding)


def test_a_locale_with_a_decimal_comma_changes_no_figure(tmp_path: Path) -> None:
    two_runs(tmp_path / "results", "b")
    if shutil.which("localedef") is None or not Path("/usr/share/i18n/locales/de_DE").is_file():
        pytest.skip("no localedef or no source of de_DE here: install the package locales")
    made = tmp_path / "locales" / "de_DE.utf8"
    made.parent.mkdir()
    subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", str(made)], check=False, capture_output=True)
    program = (
        "import locale, sys\nlocale.setlocale(locale.LC_ALL, '')\n"
        "print(locale.localeconv()['decimal_point'], file=sys.stderr)\n"
        "from benchmark.commands.app import main; main()"
    )
    outputs = []
    for language in ("C", "de_DE.utf8"):
        result = subprocess.run(
            [sys.executable, "-c", program, "leaderboard", "--dataset", "dpdd", "--format", "csv",
             "--results", str(tmp_path / "results")],
            capture_output=True, text=True, timeout=300,
            env={**os.environ, "LC_ALL": language, "LOCPATH": str(made.parent)},
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        assert result.stderr[0] == ("." if language == "C" else ",")
        outputs.append(result.stdout)
    assert outputs[0] == outputs[1]


BOM = "\ufeff"


def test_a_byte_order_mark_is_passed_over_in_every_text_that_is_read(tmp_path: Path) -> None:
    def written(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(BOM + text, encoding="utf-8")
        return path

    assert read_names(written("list.txt", "a.png\nb\n")) == {"a", "b"}
    study = read_study(written("study.toml", '[[methods]]\nname = "input"\n[[datasets]]\nname = "sample"\n'))
    assert [method.name for method in study.methods] == ["input"]
    rows = "scene,reference_a,reference_b,target_a,target_b\none,a.ARW,b.ARW,c.ARW,d.ARW\n"
    assert read_scene_list(written("scenes.csv", rows))[0].name == "one"
    listed = '[{"scene": "one", "reference_a": "a.ARW"}]'
    assert read_scene_list(written("scenes.json", listed))[0].name == "one"
    assert read_figures(written("published.csv", ",".join(HEADER) + "\n")) == []
    run = make_run(tmp_path / "results", "a", 25.0)
    for name in ("run.json", "records.jsonl"):
        path = run.path / name
        path.write_text(BOM + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert len(Run(run.path).records()) == 4
