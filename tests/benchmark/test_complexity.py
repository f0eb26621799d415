"""Parameters and MACs against the figures the paper prints (Tables 2 and 4)."""

import time

import pytest
import torch
from typer.testing import CliRunner

from benchmark import registry
from benchmark.commands.app import app
from benchmark.complexity import count
from benchmark.leaderboards.published import every_figure
from benchmark.method import Context, Deblurred, Method, MethodCard, Sample
from benchmark.running.environment import device_name
from benchmark.running.timing import measure

EXPECTED = {
    "ifan-n8": (9_436_740, 347.893),
    "ifan": (10_476_996, 362.872),
    "ifan-n26": (11_517_252, 377.852),
    "ifan-n35": (12_557_508, 392.832),
    "ifan-n44": (13_597_764, 407.811),
    "ifan-dual": (10_477_860, 363.668),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_ifan_has_the_parameters_and_macs_of_the_papers_convention(name: str) -> None:
    parameters, macs = EXPECTED[name]
    architecture = registry.method(name).architecture()
    assert architecture is not None
    cost = count(architecture)
    assert cost.parameters == parameters
    assert cost.paper / 1e9 == pytest.approx(macs, abs=0.0006)


@pytest.mark.parametrize("name", [name for name in EXPECTED if name != "ifan-dual"])
def test_ifan_counts_agree_with_the_printed_figures(name: str) -> None:
    figures = [one.figures for one in every_figure() if one.method == name and one.table in ("Table 2", "Table 4")]
    printed = figures[0]
    architecture = registry.method(name).architecture()
    assert architecture is not None
    cost = count(architecture)
    assert round(cost.parameters / 1e6, 2) == printed["params_m"]
    assert cost.paper / 1e9 == pytest.approx(printed["macs_g"], abs=0.06)


def test_exact_count_leaves_out_the_slip_of_the_transposed_convolutions() -> None:
    architecture = registry.method("ifan").architecture()
    assert architecture is not None
    cost = count(architecture)
    assert (cost.exact - cost.paper) / 1e9 == pytest.approx(0.023, abs=0.001)


def test_counts_grow_with_the_size_of_the_image() -> None:
    architecture = registry.method("ifan").architecture()
    assert architecture is not None
    assert count(architecture, 1440, 2560).convolution == 4 * count(architecture, 720, 1280).convolution


def test_a_method_is_timed_after_once_that_does_not_count_and_the_device_is_named() -> None:
    seen = []

    class Counting(Method):
        card = MethodCard("counting", "Counting", "dual", "counts")

        def deblur(self, sample: Sample, context: Context) -> Deblurred:
            assert sample.left is not None
            assert sample.right is not None
            seen.append(tuple(sample.image.shape))
            time.sleep(0.01)
            return Deblurred(sample.image)

    timing = measure(Counting(), 96, 128, 4, Context())
    assert seen == [(3, 96, 128)] * 5
    summary = timing.summary
    assert summary.seconds is not None
    assert summary.quartiles is not None
    assert 0.01 <= summary.quartiles[0] <= summary.seconds <= summary.quartiles[1]
    assert summary.devices == (device_name(torch.device("cpu")),)


def test_the_command_times_a_method_that_has_no_network() -> None:
    size = ["--height", "64", "--width", "64"]
    done = CliRunner().invoke(app, ["complexity", "--method", "input", "--repeats", "2", *size])
    assert done.exit_code == 0, done.output
    assert "input at 64x64" in done.stdout
    assert "median" in done.stdout
    assert "peak memory" in done.stdout
    refused = CliRunner().invoke(app, ["complexity", "--repeats", "2"])
    assert "name it with --method" in str(refused.exception)
