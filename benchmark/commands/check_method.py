"""The command `ifan-bench check-method`: run a method through a mock data set and say what is wrong with it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark import registry
from realdof.common.console import stdout
from realdof.common.errors import InputError

if TYPE_CHECKING:
    from benchmark.method import Image, Method, MethodCard, MethodFactory, Sample

SIZES = {"tiny": (64, 64), "odd": (65, 99), "portrait": (131, 70), "landscape": (72, 136)}
"""Height and width in px of the mock data set's images."""

_FAILURES = (
    InputError, RuntimeError, ValueError, ArithmeticError, MemoryError, TypeError, LookupError, AttributeError,
    AssertionError, OSError,
)  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """What was checked, and what is wrong; None if nothing is."""

    check: str
    problem: str | None


def check_method(
    name: Annotated[str, typer.Argument(help="See `ifan-bench methods`.")],
    weights: Annotated[str | None, typer.Option("--weights", help="A key of the method's card, or a file.")] = None,
    device: Annotated[str, typer.Option("--device", help="cpu, cuda, cuda:1 ...")] = "cpu",
) -> None:
    """Run a method through a mock data set, odd, portrait and tiny, and say what is wrong; status 1 if anything is."""
    from benchmark.running.environment import check_device

    check_device(device)
    wrong = 0
    for finding in findings(name, registry.method(name), weights, device):
        verdict = "[green]ok[/]   " if finding.problem is None else "[red]wrong[/]"
        stdout.print(f"{verdict} {finding.check}", highlight=False, soft_wrap=True)
        if finding.problem is not None:
            stdout.print(f"      {finding.problem}", highlight=False, soft_wrap=True, markup=False)
            wrong += 1
    if wrong:
        raise typer.Exit(1)


def findings(name: str, factory: MethodFactory, weights: str | None, device: str) -> Iterator[Finding]:
    """Check a method, from its card to a run; stops where nothing more can be found out.

    Parameters
    ----------
    name
        What it is registered as.
    weights
        Key or path; None for a method without weights.
    """
    import torch

    from benchmark.loading import load_method
    from benchmark.method import Context

    yield Finding("card", _card_problem(name, factory.card))
    try:
        method = load_method(factory, weights)
        method.prepare(Context(device=device))
    except _FAILURES as error:
        yield Finding("load", _told(error))
        return
    yield Finding("load", None)
    yield Finding("complexity", _complexity_problem(method, factory))
    for kind, (height, width) in SIZES.items():
        sample = mock_sample(kind, height, width, device, dual=factory.card.inputs == "dual")
        yield Finding(f"{kind} image, {width}x{height}", _output_problem(method, sample))
    sample = mock_sample("view", 72, 80, device, dual=factory.card.inputs == "dual")
    yield Finding("image that is a cut-out of a larger one in memory", _cut_out_problem(method, sample))
    yield Finding("same image twice", _repeat_problem(method, sample))
    for grey in (0.0, 1.0):
        flat = sample.mapped(partial(torch.full_like, fill_value=grey))
        yield Finding("all black" if grey == 0 else "all white", _output_problem(method, flat))
    yield Finding("run over a data set in a folder", _run_problem(factory, weights, device))


def mock_sample(name: str, height: int, width: int, device: str, *, dual: bool) -> Sample:
    """A reddish image of soft blobs and a hard-edged box, with views if wanted, never with an all-in-focus image."""
    import torch

    from benchmark.method import Sample

    generator = torch.Generator().manual_seed(height * 1000 + width)
    coarse = torch.rand(1, 3, 8, 8, generator=generator) * 0.4
    soft = torch.nn.functional.interpolate(coarse, size=(height, width), mode="bicubic", align_corners=False)[0]
    image = (soft + torch.tensor([0.5, 0.3, 0.1])[:, None, None]).clamp(0, 1)
    image[:, height // 3 : height // 2, width // 4 : width // 2] *= 0.4
    image = image.to(device)
    views = (image.roll(1, -1), image.roll(-1, -1)) if dual else (None, None)
    return Sample(name, image, *views)


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _card_problem(name: str, card: MethodCard) -> str | None:
    if card.name != name:
        return f"the card's name is {card.name!r}, the entry point's {name!r}; results would be filed under the first"
    if card.inputs not in ("single", "dual"):
        return f"inputs is {card.inputs!r}; it must be single or dual"
    if not card.title.strip() or not card.summary.strip():
        return "title and summary must say something: they are what tables and `ifan-bench methods` show"
    if card.published is not None and card.published not in card.weights:
        return f"published is {card.published!r}, which is none of its weights ({', '.join(card.weights) or 'none'})"
    return None


def _complexity_problem(method: Method, factory: MethodFactory) -> str | None:
    from benchmark import complexity

    architecture = method.counted or factory.architecture()
    if architecture is None:
        return "it has a network but no architecture(), so that nothing is counted" if method.network else None
    try:
        complexity.count(architecture, 64, 64)
    except _FAILURES as error:
        return f"its network cannot be counted: {_told(error)}"
    return None


def _deblurred(method: Method, sample: Sample) -> Image:
    import torch

    from benchmark.method import Context, Deblurred

    with torch.inference_mode():
        found = method.deblur(sample, Context(device=str(sample.image.device)))
    if not isinstance(found, Deblurred):
        raise TypeError(f"deblur returned {type(found).__name__}; it must return Deblurred(image)")
    return found.image


def _guarded(check: Callable[[], str | None]) -> str | None:
    try:
        return check()
    except _FAILURES as error:
        return _told(error)


def _output_problem(method: Method, sample: Sample) -> str | None:
    def check() -> str | None:
        before = sample.mapped(lambda image: image.clone())
        output = _deblurred(method, sample)
        for role in ("image", "left", "right"):
            given, kept = getattr(sample, role), getattr(before, role)
            if given is not None and not bool((given == kept).all()):
                return f"it changed the {role} that it was given; work on a copy"
        return _shape_problem(output, sample.image) or _value_problem(output, sample.image)

    return _guarded(check)


def _shape_problem(output: Image, image: Image) -> str | None:
    import torch

    if not isinstance(output, torch.Tensor):
        return f"it returned {type(output).__name__}; it must return a torch tensor (3, H, W)"
    if output.shape != image.shape:
        return f"it returned {tuple(output.shape)} for an image of {tuple(image.shape)}; pad inside and cut again"
    if output.dtype != torch.float32:
        return f"it returned {output.dtype}; it must return float32 in [0, 1]"
    if output.device != image.device:
        return f"it returned a tensor on {output.device} for an image on {image.device}"
    return None


def _value_problem(output: Image, image: Image) -> str | None:
    import torch

    if not bool(torch.isfinite(output).all()):
        return "it returned values that are not finite"
    if float(output.abs().max()) > 4:
        return f"it returned values up to {float(output.abs().max()):.4g}; they must be nominally in [0, 1]"
    means, expected = output.mean((1, 2)), image.mean((1, 2))
    if float((means.flip(0) - expected).abs().max()) < 0.5 * float((means - expected).abs().max()):
        return "the colours look swapped: images are RGB, not BGR"
    return None


def _cut_out_problem(method: Method, sample: Sample) -> str | None:
    import torch

    def cut_out(image: Image) -> Image:
        return torch.nn.functional.pad(image, (3, 5, 2, 7))[:, 2:-7, 3:-5]

    def check() -> str | None:
        whole, part = _deblurred(method, sample), _deblurred(method, sample.mapped(cut_out))
        if not torch.allclose(whole, part, atol=1e-4):
            return "it returns something else for it; do not rely on strides, or call .contiguous() first"
        return None

    return _guarded(check)


def _repeat_problem(method: Method, sample: Sample) -> str | None:
    import torch

    def check() -> str | None:
        first, second = (_deblurred(method, sample) for _ in range(2))
        if not torch.allclose(first, second, atol=1e-4):
            return "it returns another result the second time; is dropout still on, or a seed missing?"
        return None

    return _guarded(check)


def _run_problem(factory: MethodFactory, weights: str | None, device: str) -> str | None:
    """Write pairs of every size, run the method as `ifan-bench run` would, and read its records."""
    from benchmark.datasets.folder import PairedFolder
    from benchmark.running import runner
    from benchmark.running.task import prepare
    from realdof.images.depth import pixels_from_image
    from realdof.images.files import write_pixels

    with tempfile.TemporaryDirectory(prefix="ifan-bench-") as folder:
        root = Path(folder)
        for kind, (height, width) in SIZES.items():
            sample = mock_sample(kind, height, width, "cpu", dual=True)
            images = {"source": sample.image, "target": sample.image, "left": sample.left, "right": sample.right}
            for role, image in images.items():
                if image is not None:
                    write_pixels(root / "data" / role / f"{kind}.png", pixels_from_image(image, 16))
        dataset = PairedFolder(root / "data")

        def check() -> str | None:
            task = prepare(dataset, registry.protocol(dataset.card.protocol), ("psnr",))
            _, summary = runner.run(task, factory, root / "results", weights=weights, device=device)
            return "; ".join(f"{image}: {reason}" for image, reason in summary.failed.items()) or None

        return _guarded(check)
