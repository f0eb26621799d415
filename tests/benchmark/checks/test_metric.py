"""`ifan-bench check-metric` passes what is right and names what is wrong."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from plugins import documented, install
from torch import Tensor
from typer.testing import CliRunner

from benchmark import registry
from benchmark.checks.metric import findings
from benchmark.commands.app import app

CODE = """
from benchmark.metrics.base import metric
from benchmark.metrics.card import MetricCard


@metric(
    MetricCard(
        name="gap", title="Gap", better="{better}", decimals=3, range=(0.0, {top}), source="a test", needs={needs}
    )
)
def gap({arguments}):
    from test_metric_body import body
    return body({arguments})
"""


def problems(
    folder: Path, monkeypatch: pytest.MonkeyPatch, body: Callable[..., object], *, better: str = "lower",
    top: float = 4.0, needs: str = "frozenset({'output', 'target'})", arguments: str = "output, target",
) -> dict[str, str]:  # fmt: skip
    """What is wrong with a metric that computes ``body``, by the check."""
    import sys
    from types import SimpleNamespace

    monkeypatch.setitem(sys.modules, "test_metric_body", SimpleNamespace(body=body))  # type: ignore[arg-type]
    code = CODE.format(better=better, top=top, needs=needs, arguments=arguments)
    install(folder, monkeypatch, code, [("metrics", "gap", "gap")])
    return {finding.check: finding.problem for finding in findings("gap") if finding.problem is not None}


def largest(output: Tensor, target: Tensor) -> float:
    return float((output - target).abs().mean())


@pytest.mark.parametrize("name", registry.names(registry.METRICS))
def test_our_own_metrics_pass(name: str) -> None:
    assert not [finding for finding in findings(name) if finding.problem is not None]


def test_the_package_of_the_documentation_is_found_and_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    documented("add-a-metric.md", tmp_path, monkeypatch)
    done = CliRunner().invoke(app, ["check-metric", "gradient-psnr"])
    assert done.exit_code == 0, done.output
    assert "more noise ranks worse" in done.output


def test_a_metric_of_output_and_input_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs = "frozenset({'output', 'input'})"
    assert not problems(tmp_path, monkeypatch, largest, needs=needs, arguments="output, input")


calls: list[int] = []
FAULTS: dict[str, tuple[Callable[..., object], dict[str, object], str]] = {
    "ranks the wrong way": (largest, {"better": "higher"}, "but its card says that higher is better"),
    "out of range": (lambda output, target: 5.0, {}, "outside the range of its card, 0 to 4"),
    "a tensor": (lambda output, target: (output - target).abs().mean(), {}, "return a Python float"),
    "not a number": (lambda output, target: math.nan, {}, "not a number"),
    "two scores": (lambda output, target: {"a": 1.0, "b": 2.0}, {}, "its card promises gap"),
    "cannot take identical images": (
        lambda output, target: float(-(output - target).abs().mean().log10()),
        {"better": "higher"},
        "outside the range",
    ),
    "raises": (lambda output, target: largest(output, target[:, 1:]), {}, "RuntimeError"),
    "changes the output": (lambda output, target: float(output.sub_(target).abs().mean()), {}, "work on a copy"),
    "another value each time": (lambda output, target: calls.append(1) or 1 / len(calls), {}, "fix its seed"),
    "a range of nothing": (largest, {"top": 0.0}, "give the smallest and the largest"),
    "blind to the output": (
        lambda target: 0.5, {"needs": "frozenset({'target'})", "arguments": "target"}, "ignores the output",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "changes", "told"), FAULTS.values(), ids=FAULTS)
def test_what_is_wrong_is_named(body, changes, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = problems(tmp_path, monkeypatch, body, **changes)
    assert any(told in problem for problem in found.values()), found


def test_an_unknown_metric_is_one_sentence() -> None:
    done = CliRunner().invoke(app, ["check-metric", "psrn"])
    assert "did you mean psnr" in str(done.exception)
