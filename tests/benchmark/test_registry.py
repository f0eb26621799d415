"""The registry: lazy, guarded, and clear about what is wrong with a plug-in."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from plugins import install
from typer.testing import CliRunner

from benchmark import registry
from benchmark.commands.app import app
from realdof.common.errors import InputError

METRIC = """
from benchmark.metrics.base import metric
from benchmark.metrics.card import MetricCard


@metric(MetricCard(name="gap", title="Gap", better="lower", decimals=3, range=(0.0, 1.0), source="a test"))
def gap(output, target):
    return float((output - target).abs().max())
"""


@pytest.fixture(autouse=True)
def _warned_of_nothing() -> None:
    registry._warn_once.cache_clear()


@pytest.mark.parametrize("group", [registry.METHODS, registry.DATASETS, registry.METRICS, registry.PROTOCOLS])
def test_everything_that_we_register_is_sound(group: str, caplog: pytest.LogCaptureFixture) -> None:
    names = [card.name for card in registry.cards(group)]
    assert names == registry.names(group)
    assert not caplog.records


@pytest.mark.slow
def test_cards_of_metrics_protocols_and_data_sets_are_read_without_torch() -> None:
    program = (
        "import sys; from benchmark import registry as r;"
        "[r.cards(group) for group in (r.METRICS, r.PROTOCOLS, r.DATASETS)]; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_an_unknown_name_gets_the_nearest_one() -> None:
    for find, name, near in (
        (registry.method, "ifam", "ifan"),
        (registry.dataset, "smaple", "sample"),
        (registry.metric, "psrn", "psnr"),
        (registry.protocol, "ifan-cvpr20", "ifan-cvpr21"),
    ):
        with pytest.raises(InputError, match=f"did you mean {near}"):
            find(name)


def test_a_function_under_the_decorator_is_a_metric(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, METRIC, [("metrics", "gap", "gap")])
    assert "gap" in registry.names(registry.METRICS)
    assert registry.metric_card("gap").arrow == "↓"
    assert registry.metric("gap")(torch.zeros(3, 2, 2), torch.ones(3, 2, 2)) == 1


BROKEN = {
    "a syntax error": ("def", "SyntaxError"),
    "a missing module": ("import no_such_module", "No module named 'no_such_module'; install what it needs"),
    "a missing attribute": ("other = 1", "has no attribute 'gap'"),
    "any error": ("1 / 0", "ZeroDivisionError: division by zero"),
    "no card": ("gap = len", "has no card; see docs/how-to/add-a-metric.md"),
    "another card": (
        "from types import SimpleNamespace as Card\ngap = Card(card=Card(name='gap'))",
        "must be a benchmark.metrics.card.MetricCard",
    ),
    "another name": (METRIC.replace('name="gap"', 'name="gape"'), "calls itself gape; give its card the name gap"),
    "a wrong card": (METRIC.replace('better="lower"', 'better="less"'), "MetricCard: better: input should be 'higher'"),
    "a card of 0.1": (
        METRIC.replace("metrics.card", "metrics.base").replace('better="lower"', "lower_is_better=True"),
        "of ifan-bench 0.1: in place of lower_is_better it has better='lower'.*migrate.md",
    ),
    "a module of 0.1": ("from benchmark.web_page import write_page", "for another version of ifan-bench.*migrate.md"),
}


@pytest.mark.parametrize(("code", "told"), BROKEN.values(), ids=BROKEN)
def test_a_broken_metric_is_named_with_its_package_and_hinders_nothing_else(
    code: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    install(tmp_path, monkeypatch, code, [("metrics", "gap", "gap")], "torn-package")
    with pytest.raises(InputError, match=told) as caught:
        registry.metric("gap")
    assert str(caught.value).startswith("metric gap of torn-package ")
    assert "\n" not in str(caught.value)
    for _ in range(2):
        assert [card.name for card in registry.cards(registry.METRICS)] == [
            "in-focus-harm", "in-focus-harmed", "lpips", "mae", "psnr", "psnr-y", "ssim", "ssim-gaussian",
        ]  # fmt: skip
        assert registry.find_metric_card("gap") is None
    assert len(caplog.records) == 1
    assert "torn-package" in caplog.messages[0]


def test_every_kind_of_broken_plug_in_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kinds = ("methods", "datasets", "metrics", "protocols", "commands")
    install(tmp_path, monkeypatch, "raise RuntimeError('no')", [(kind, "torn", "torn") for kind in kinds])
    for group in (registry.METHODS, registry.DATASETS, registry.METRICS, registry.PROTOCOLS):
        assert "torn" not in [card.name for card in registry.cards(group)]
    assert "torn" not in [name for name, _ in registry.commands()]
    assert len(caplog.records) == 5
    for command in ("methods", "datasets", "metrics", "protocols"):
        assert CliRunner().invoke(app, [command]).exit_code == 0


@pytest.mark.slow
def test_help_survives_a_broken_plug_in_with_one_line_of_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, "import no_such_module", [("commands", "torn", "torn")], "torn-package")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    program = "import sys; sys.argv[1:] = ['--help']; from benchmark.commands.app import main; main()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "leaderboard" in done.stdout
    (line,) = done.stderr.splitlines()
    assert "command torn of torn-package" in line


def test_two_packages_of_one_name_are_said_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        install(tmp_path / name, monkeypatch, METRIC, [("metrics", "gap", "gap")], name)
    with pytest.raises(InputError, match="registered by two packages, one and two; uninstall one of them"):
        registry.metric("gap")


def test_no_package_takes_the_place_of_a_metric_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    install(tmp_path, monkeypatch, METRIC.replace("gap", "psnr"), [("metrics", "psnr", "psnr")])
    assert registry.metric_card("psnr").unit == "dB"
    assert "that of ifan-bench is used" in caplog.text


def test_a_data_set_without_a_card_of_its_own_is_not_listed_as_its_parent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "from benchmark.datasets.folder import PairedFolder\nclass Mine(PairedFolder): pass"
    install(tmp_path, monkeypatch, code, [("datasets", "lens-lab", "Mine")])
    assert [card.name for card in registry.cards(registry.DATASETS)].count("folder") == 1
    with pytest.raises(InputError, match="calls itself folder; give its card the name lens-lab"):
        registry.dataset("lens-lab")
