"""Check a method: card, cost, outputs for difficult images, and a whole run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark import registry
from benchmark.checks.finding import Finding, guarded, told
from benchmark.checks.mock import SIZES, mock_sample, write_pairs
from benchmark.registry import PLUGIN_FAILURES

if TYPE_CHECKING:
    from benchmark.method import Image, Method, MethodCard, MethodFactory, Sample


def findings(name: str, factory: MethodFactory, weights: str | None, device: str) -> Iterator[Finding]:
    """Check a method, from its card to a run; the check stops if the method cannot be loaded.

    Parameters
    ----------
    name
        Name under which the method is registered.
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
    except PLUGIN_FAILURES as error:
        yield Finding("load", told(error))
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
    except PLUGIN_FAILURES as error:
        return f"its network cannot be counted: {told(error)}"
    return None


def _deblurred(method: Method, sample: Sample) -> Image:
    import torch

    from benchmark.method import Context, Deblurred

    with torch.inference_mode():
        found = method.deblur(sample, Context(device=str(sample.image.device)))
    if not isinstance(found, Deblurred):
        raise TypeError(f"deblur returned {type(found).__name__}; it must return Deblurred(image)")
    return found.image


def _output_problem(method: Method, sample: Sample) -> str | None:
    def check() -> str | None:
        before = sample.mapped(lambda image: image.clone())
        output = _deblurred(method, sample)
        for role in ("image", "left", "right"):
            given, kept = getattr(sample, role), getattr(before, role)
            if given is not None and not bool((given == kept).all()):
                return f"it changed the {role} that it was given; work on a copy"
        return _shape_problem(output, sample.image) or _value_problem(output, sample.image)

    return guarded(check)


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

    return guarded(check)


def _repeat_problem(method: Method, sample: Sample) -> str | None:
    import torch

    def check() -> str | None:
        first, second = (_deblurred(method, sample) for _ in range(2))
        if not torch.allclose(first, second, atol=1e-4):
            return "it returns another result the second time; is dropout still on, or a seed missing?"
        return None

    return guarded(check)


def _run_problem(factory: MethodFactory, weights: str | None, device: str) -> str | None:
    """Write pairs of every size, run the method as `ifan-bench run` would, and read its records."""
    from benchmark.datasets.folder import PairedFolder
    from benchmark.running import runner
    from benchmark.running.task import prepare

    with tempfile.TemporaryDirectory(prefix="ifan-bench-") as folder:
        dataset = PairedFolder(write_pairs(Path(folder) / "data"))

        def check() -> str | None:
            task = prepare(dataset, registry.protocol(dataset.card.protocol), ("psnr",))
            _, summary = runner.run(task, factory, Path(folder) / "results", weights=weights, device=device)
            return "; ".join(f"{image}: {reason}" for image, reason in summary.failed.items()) or None

        return guarded(check)
