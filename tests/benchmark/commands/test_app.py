"""`ifan-bench` is put together from its parts, and a part that is broken takes nothing else with it."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def broken_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package whose command cannot be imported."""
    info = tmp_path / "broken_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-package\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[ifan_bench.commands]\nmine = broken_package:command\n")
    (tmp_path / "broken_package.py").write_text("raise RuntimeError('it does not start')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


def ifan_bench(*words: str) -> subprocess.CompletedProcess[str]:
    code = "from benchmark.commands.app import main; main()"
    return subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)


@pytest.mark.usefixtures("broken_plugin")
def test_a_broken_command_of_a_plug_in_is_one_warning_that_names_its_package_and_all_else_works() -> None:
    done = ifan_bench("protocols")
    assert done.returncode == 0
    assert "ifan-cvpr21" in done.stdout
    warned = [line for line in done.stderr.splitlines() if "broken-package" in line]
    assert len(warned) == 1
    assert "it does not start" in warned[0]
    assert "Traceback" not in done.stderr


def test_the_help_lists_the_commands_by_group() -> None:
    told = ifan_bench("--help").stdout
    places = [
        told.index(word)
        for word in (
            "Measure:",
            "\n  run ",
            "Look:",
            "\n  leaderboard ",
            "Keep:",
            "\n  results ",
            "Extend:",
            "\n  check-method ",
            "Tools of methods:",
            "\n  deconvolve ",
        )
    ]
    assert places == sorted(places)


def test_no_module_imports_a_command_line_for_a_helper() -> None:
    root = Path(__file__).parents[3]
    guilty = [
        path.relative_to(root).as_posix()
        for package in ("benchmark", "ifan", "baselines")
        for path in (root / package).rglob("*.py")
        if path.relative_to(root).parts[:2] not in {("benchmark", "commands"), ("benchmark", "__main__.py")}
        and "benchmark.commands.app" in path.read_text()
    ]
    assert guilty == []
