"""A precision that the device emulates is told, with the cost that was measured, before the work starts."""

import pytest
from typer.testing import CliRunner

from benchmark.commands import options
from benchmark.running import precision
from benchmark.running.environment import usable_device
from realdof.common.errors import InputError


def with_times(monkeypatch: pytest.MonkeyPatch, **seconds: float) -> list[str]:
    """Let a convolution take so long in each precision; gives what was measured."""
    measured: list[str] = []

    def timed(device: str, name: str) -> float:
        measured.append(name)
        return seconds[name]

    monkeypatch.setattr(precision, "seconds_of_convolution", timed)
    return measured


def test_an_emulated_precision_is_told_with_what_it_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    with_times(monkeypatch, float32=0.005, bfloat16=0.052)
    told = precision.warning_of("cpu", "bfloat16")
    assert told is not None
    assert "10.4 times as long as in float32 (52.0 ms, not 5.0 ms)" in told


def test_a_precision_that_is_faster_is_not_spoken_of_and_float32_not_even_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    measured = with_times(monkeypatch, float32=0.005, bfloat16=0.001)
    assert precision.warning_of("cpu", "bfloat16") is None
    assert measured == ["bfloat16", "float32"]
    assert precision.warning_of("cpu", "float32") is None
    assert len(measured) == 2


def test_the_probe_measures_and_takes_less_than_a_second() -> None:
    assert 0 < precision.seconds_of_convolution("cpu", "float32") < 0.2


def test_the_command_line_warns_on_standard_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with_times(monkeypatch, float32=0.005, bfloat16=0.052)
    assert options.asked_precision("cpu", "bfloat16") == "bfloat16"
    assert "emulates bfloat16" in capsys.readouterr().err


def test_auto_is_a_device_that_can_be_used_and_a_wrong_word_is_refused() -> None:
    assert usable_device("auto") in ("cuda", "mps", "cpu")
    with pytest.raises(InputError, match="device banana cannot be used here"):
        usable_device("banana")
    assert options.asked_device("auto", cluster="tcp://far:8786") == "cpu"


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("ifan-bench", ["run"]),
        ("ifan-bench", ["complexity"]),
        ("ifan-bench", ["reproduce"]),
        ("ifan-bench", ["check-method"]),
        ("ifan-bench", ["deconvolve"]),
        ("ifan-bench", ["train-baseline"]),
        ("ifan", ["deblur"]),
        ("ifan", ["train"]),
    ],
)
def test_every_command_that_computes_has_one_word_for_the_device_and_finds_it_itself(
    program: str, words: list[str]
) -> None:
    if program == "ifan":
        from ifan.cli.app import app
    else:
        from benchmark.commands.app import app
    told = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "200"}).output
    assert "--device" in told
    assert "[default: auto]" in told
    assert "--accelerator" not in told
    assert "bf16" not in told
