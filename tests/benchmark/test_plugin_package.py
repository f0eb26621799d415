"""A package of 30 lines that adds a metric, a protocol and a method, installed and uninstalled in an environment of its
own: its metric is a column like any other, and old results stay readable without it."""

import csv
import io
import json
import os
import shutil
import site
import subprocess
import sysconfig
import venv
from pathlib import Path

import pytest

MODULE = """
import math
from dataclasses import replace

from benchmark.method import Deblurred, Method, MethodCard
from benchmark.metrics.base import metric
from benchmark.metrics.card import MetricCard
from benchmark.protocols.papers import IFAN_CVPR21

CARD = MetricCard(
    name="gradient-psnr", title="Gradient PSNR", unit="dB", better="higher", decimals=2, range=(-math.inf, math.inf),
    source="PSNR of differences of neighbouring pixels",
)


@metric(CARD)
def gradient_psnr(output, target):
    error = (output - target).double()
    mean = sum(error.diff(dim=axis).square().mean().item() for axis in (1, 2)) / 2
    return -10 * math.log10(mean) if mean else math.inf


EDGES = replace(IFAN_CVPR21, name="edges", summary="as ifan-cvpr21, by edges", metrics=("psnr", "gradient-psnr"))


class Half(Method):
    card = MethodCard("half", "Half", "single", "half of the contrast")

    def deblur(self, sample, context):
        return Deblurred((sample.image + 0.5) / 2)
"""
POINTS = """[ifan_bench.metrics]
gradient-psnr = edge_package:gradient_psnr
[ifan_bench.protocols]
edges = edge_package:EDGES
[ifan_bench.methods]
half = edge_package:Half
"""


class Environment:
    """A fresh environment that borrows what this one has installed, and reaches no network."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        venv.create(folder, with_pip=False)
        names = {"base": str(folder), "platbase": str(folder)}
        self.packages = Path(sysconfig.get_path("purelib", vars=names))
        # addsitedir reads the .pth files of what is installed editable there; a plain line would not.
        borrowed = [*site.getsitepackages(), str(Path(__file__).parents[2])]
        lines = [f"import site; site.addsitedir({path!r})" for path in borrowed]
        (self.packages / "borrowed.pth").write_text("\n".join(lines) + "\n")

    def install(self) -> None:
        """As pip would."""
        info = self.packages / "edge_package-1.dist-info"
        info.mkdir()
        (self.packages / "edge_package.py").write_text(MODULE)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: edge-package\nVersion: 1\n")
        (info / "entry_points.txt").write_text(POINTS)

    def uninstall(self) -> None:
        """As pip would."""
        shutil.rmtree(self.packages / "edge_package-1.dist-info")
        (self.packages / "edge_package.py").unlink()

    def bench(self, *words: object, status: int = 0) -> str:
        """Run ``ifan-bench`` in it; give what it prints."""
        program = "import sys; from benchmark.commands.app import main; main()"
        variables = os.environ | {
            "no_proxy": "",
            "http_proxy": "http://127.0.0.1:9",
            "https_proxy": "http://127.0.0.1:9",
        }
        done = subprocess.run(
            [self.folder / "bin" / "python", "-c", program, *map(str, words)],
            capture_output=True, text=True, check=False, env=variables,
        )  # fmt: skip
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout if status == 0 else done.stderr


def board(environment: Environment, results: Path, format: str, *words: object) -> str:
    return environment.bench("leaderboard", "--dataset", "folder", "--results", results, "--format", format, *words)


@pytest.mark.slow
def test_a_package_of_thirty_lines_adds_a_column_and_leaves_readable_results(make_pairs, tmp_path: Path) -> None:
    assert len([line for line in MODULE.splitlines() if line.strip()]) <= 30
    pairs, results, environment = make_pairs(3), tmp_path / "results", Environment(tmp_path / "environment")
    environment.install()
    common = ("--dataset", "folder", "--root", pairs, "--results", results)
    for method in ("half", "input"):
        environment.bench("run", "--method", method, *common, "--metrics", "psnr,ssim,mae,gradient-psnr")
    environment.bench("run", "--method", "half", "--protocol", "edges", *common)
    for kind, name in (("metric", "gradient-psnr"), ("protocol", "edges"), ("method", "half")):
        assert "wrong" not in environment.bench(f"check-{kind}", name)
    assert "gradient-psnr" in environment.bench("metrics")

    rows = list(csv.reader(io.StringIO(board(environment, results, "csv", "--sort", "gradient-psnr"))))
    assert rows[0][-2:] == ["source", "gradient-psnr"], "after the fixed columns"
    assert [row[0] for row in rows[1:3]] == ["input", "half"]
    best, second = (float(row[-1]) for row in rows[1:3])
    assert best > second
    markdown = board(environment, results, "markdown", "--sort", "gradient-psnr")
    assert "Gradient PSNR ↑" in markdown
    assert f"**{best:.2f}**" in markdown
    latex = board(environment, results, "latex", "--sort", "gradient-psnr")
    assert r"Gradient PSNR $\uparrow$" in latex
    assert rf"\textbf{{{best:.2f}}}" in latex
    content = json.loads(board(environment, results, "json", "--sort", "gradient-psnr"))
    assert [row["ranks"]["gradient-psnr"] for row in content["rows"][:2]] == [1, 2]
    compared = environment.bench("compare", "input", "half", *common[:2], *common[4:], "--protocol", "ifan-cvpr21",
                                 "--metric", "gradient-psnr", "--format", "markdown")  # fmt: skip
    assert "Gradient PSNR ↑" in compared
    assert "Where input wins and loses against half, by Gradient PSNR" in compared

    environment.uninstall()
    after = list(csv.reader(io.StringIO(board(environment, results, "csv", "--sort", "gradient-psnr"))))
    assert after == rows
    markdown = board(environment, results, "markdown")
    assert "Gradient PSNR ↑ (not installed)" in markdown
    assert "of a metric that is not installed" in markdown
    under = board(environment, results, "markdown", "--protocol", "edges")
    assert "Protocol edges, version 1: it is not installed" in under
    assert "gradient-psnr" in environment.bench("results", "export", "--results", results)
    refused = environment.bench("run", "--method", "input", *common, "--metrics", "gradient-psnr", status=2)
    assert "there is no metric named gradient-psnr" in refused
