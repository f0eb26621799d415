"""`ifan-bench check-method` passes what is right, names what is wrong; the plug-in of the documentation is found."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from plugins import documented
from torch import Tensor, nn
from typer.testing import CliRunner

from benchmark.checks.method import findings
from benchmark.commands.app import app
from benchmark.method import Context, Deblurred, Method, MethodCard, Sample


def method_that(change: Callable[[Sample], object], inputs: str = "single", name: str = "mine") -> type[Method]:
    class Mine(Method):
        card = MethodCard(name, "Mine", inputs, "returns what the test says")  # type: ignore[arg-type]

        def deblur(self, sample: Sample, context: Context) -> Deblurred:
            return Deblurred(change(sample))  # type: ignore[arg-type]

    return Mine


def problems(factory: type[Method]) -> dict[str, str]:
    found = findings("mine", factory, None, "cpu")
    return {finding.check: finding.problem for finding in found if finding.problem is not None}


def test_a_good_method_passes() -> None:
    assert not problems(method_that(lambda sample: sample.image * 1.0))


def test_a_good_dual_method_is_given_the_views() -> None:
    def mean(sample: Sample) -> Tensor:
        assert sample.left is not None
        assert sample.right is not None
        return (sample.left + sample.right) / 2

    assert not problems(method_that(mean, "dual"))


def test_the_all_in_focus_image_is_never_shown() -> None:
    def cheat(sample: Sample) -> Tensor:
        assert sample.target is None
        return sample.image

    assert not problems(method_that(cheat))


FAULTS: dict[str, tuple[Callable[[Sample], object], str]] = {
    "multiples of 8": (lambda s: s.image[:, : s.image.shape[1] // 8 * 8, : s.image.shape[2] // 8 * 8], "pad inside"),
    "transposed": (lambda s: s.image.transpose(1, 2), "pad inside"),
    "numpy": (lambda s: s.image.numpy(), "torch tensor"),
    "float64": (lambda s: s.image.double(), "float32"),
    "0 to 255": (lambda s: s.image * 255, "nominally in"),
    "BGR": (lambda s: s.image.flip(0), "not BGR"),
    "not finite": (lambda s: s.image / 0, "not finite"),
    "in place": (lambda s: s.image.mul_(0.5), "work on a copy"),
    "raises": (lambda s: s.image @ s.image[0, :, :5].mT, "RuntimeError"),
    "crashes on a key": (lambda s: {}["weights"], "KeyError"),
    "dropout": (lambda s: nn.functional.dropout(s.image, 0.1), "the second time"),
    "strides": (lambda s: s.image.as_strided(s.image.shape, (s.image[0].numel(), s.image.shape[2], 1)), "strides"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "told"), FAULTS.values(), ids=FAULTS)
def test_what_is_wrong_is_named(change: Callable[[Sample], object], told: str) -> None:
    assert any(told in problem for problem in problems(method_that(change)).values())


def test_a_name_that_differs_from_the_entry_points_is_named() -> None:
    assert "filed under" in problems(method_that(lambda s: s.image, name="other"))["card"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"inputs": "both"}, "inputs is 'both'; it must be single or dual"),
        ({"summary": " "}, "title and summary must say something"),
        ({"published": "best"}, "published is 'best', which is none of its weights (none)"),
    ],
)
def test_a_card_that_says_too_little_or_what_is_not_there_is_named(changes: dict[str, str], told: str) -> None:
    factory = method_that(lambda s: s.image)
    factory.card = replace(factory.card, **changes)
    assert told in problems(factory)["card"]


def test_a_bare_tensor_is_no_answer() -> None:
    factory = method_that(lambda s: s.image)
    factory.deblur = lambda self, sample, context: sample.image  # type: ignore[assignment,method-assign,return-value]
    assert any("deblur returned Tensor; it must return Deblurred(image)" in one for one in problems(factory).values())


def test_a_network_that_would_not_be_counted_is_named() -> None:
    factory = method_that(lambda s: s.image)
    factory.network = nn.Conv2d(3, 3, 1)
    assert "nothing is counted" in problems(factory)["complexity"]


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The module of the documentation's package, which is installed."""
    return documented("add-a-method.md", tmp_path, monkeypatch)


def test_package_of_the_documentation_is_found_and_passes(module: Path) -> None:
    done = CliRunner().invoke(app, ["check-method", "unsharp"])
    assert done.exit_code == 0, done.output
    assert "wrong" not in done.output
    assert "portrait image" in done.output


def test_a_broken_package_ends_with_status_1(module: Path) -> None:
    module.write_text(module.read_text().replace("Deblurred(result)", "Deblurred(result[:, 1:])"))
    done = CliRunner().invoke(app, ["check-method", "unsharp"])
    assert done.exit_code == 1
    assert "pad inside" in done.output
