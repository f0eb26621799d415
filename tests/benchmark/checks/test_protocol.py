"""`ifan-bench check-protocol` passes what is right and names what is wrong."""

from pathlib import Path

import pytest
from plugins import documented, install
from typer.testing import CliRunner

from benchmark.checks.protocol import findings
from benchmark.commands.app import app

CODE = """
from dataclasses import dataclass, replace
from benchmark.protocols.base import Protocol
from benchmark.protocols.papers import IFAN_CVPR21

@dataclass(frozen=True)
class Mine(Protocol):
{body}

MINE = Mine("mine", 1, "a test", 8, 8, ("psnr",), "a test"{more})
"""


def problems(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str = "    pass", more: str = "") -> dict[str, str]:
    """What is wrong with a protocol of this body, by the check."""
    install(folder, monkeypatch, CODE.format(body=body, more=more), [("protocols", "mine", "MINE")])
    return {finding.check: finding.problem for finding in findings("mine") if finding.problem is not None}


@pytest.mark.parametrize("name", ["ifan-cvpr21", "nrknet", "drbnet", "aligned", "blur-stratified"])
def test_our_own_protocols_pass(name: str) -> None:
    assert not [finding for finding in findings(name) if finding.problem is not None]


@pytest.mark.slow
def test_the_protocol_that_resizes_everything_passes() -> None:
    assert not [finding for finding in findings("dpdnet-16bit") if finding.problem is not None]


def test_the_package_of_the_documentation_is_found_and_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    documented("add-a-protocol.md", tmp_path, monkeypatch)
    for name in ("centre", "psnr-only"):
        done = CliRunner().invoke(app, ["check-protocol", name])
        assert done.exit_code == 0, done.output
        assert "portrait image" in done.output


FAULTS = {
    "no metric of that name": ("    pass", ", variants={'psnr': 'psnrr'}", "did you mean psnr"),
    "version": ("    def __post_init__(self): object.__setattr__(self, 'version', 0)", "", "begin with 1"),
    "no summary": ("    def __post_init__(self): object.__setattr__(self, 'summary', ' ')", "", "must say something"),
    "12 bits": ("    def __post_init__(self): object.__setattr__(self, 'bits', 12)", "", "it must be 8 or 16"),
    "no metric": ("    def __post_init__(self): object.__setattr__(self, 'metrics', ())", "", "it measures nothing"),
    "no plain value": ("    def __eq__(self, other): return self is other", "", "a copy of it differs from it"),
    "no truth": (
        "    def load(self, entry): return replace(super().load(entry), target=None)", "", "it reads no target",
    ),
    "another score each time": (
        "    def score(self, *given, **more): import time; return {'psnr': float(time.perf_counter_ns())}",
        "", "scores otherwise the second time",
    ),
    "not a number": (
        "    def score(self, *given, **more): import math; return {'psnr': math.nan}", "", "psnr is not a number",
    ),
    "another size": ("    def fit(self, image): return image", "", "fitted_size promises"),
    "0 to 255": ("    def fit(self, image): return super().fit(image) * 255", "", "read it to [0, 1]"),
    "raises": ("    def score(self, *given, **more): raise KeyError('x')", "", "KeyError"),
    "no score": ("    def score(self, *given, **more): return {}", "", "score gives no psnr"),
    "in place": (
        "    def score(self, output, *given, **more): return super().score(output.mul_(0.5), *given, **more)",
        "", "work on a copy",
    ),
    "ranks upside down": (
        "    def score(self, *given, **more): return {'psnr': -super(Mine, self).score(*given, **more)['psnr']}",
        "", "worse than the input's",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "more", "told"), FAULTS.values(), ids=FAULTS)
def test_what_is_wrong_is_named(
    body: str, more: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = problems(tmp_path, monkeypatch, body, more)
    assert any(told in problem for problem in found.values()), found


def test_a_protocol_that_cannot_tell_the_input_from_the_truth_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = "    def score(self, *given, **more): return {'mae': 0.0}"
    init = "    def __post_init__(self): object.__setattr__(self, 'metrics', ('mae',))"
    assert not problems(tmp_path, monkeypatch, f"{body}\n{init}")
