"""IFAN on an accelerator in each precision, against the plain form and its own convolutions."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from benchmark.running.timing import waiting
from ifan import inference
from ifan.network import IFAN
from tests.performance.ifan_inference import picture
from tests.performance.ifan_reference import deblur as plain
from tests.performance.suite.measurement import Measurement, in_turns
from tests.performance.suite.networks import convolutions, network

PRECISIONS = {"float32": torch.float32, "tf32": torch.float32, "bfloat16": torch.bfloat16}
SIZES = ((720, 1280), (1120, 1680))


def measure(quick: bool, device: str) -> Iterator[Measurement]:
    """A line a size, precision and order in memory."""
    cuda = torch.device(device).type == "cuda"
    wait = waiting(torch.device(device))
    for height, width in ((128, 192),) if quick else SIZES:
        for precision, dtype in PRECISIONS.items():
            torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == "tf32"
            image = picture(height, width).to(device, dtype)
            peer = _network(device, dtype, torch.contiguous_format)
            orders = {"NCHW": torch.contiguous_format, "channels-last": torch.channels_last}
            ours = {name: _network(device, dtype, order) for name, order in orders.items()}
            given = {name: image.contiguous(memory_format=order) for name, order in orders.items()}
            forms: dict[str, Callable[[], object]] = {"peer": lambda image=image, peer=peer: plain(peer, image)}
            for name in orders:
                forms[name] = lambda one=ours[name], image=given[name]: inference.deblur(one, image)
                forms[f"floor {name}"] = convolutions(ours[name], given[name])
            spent = in_turns({name: _waited(form, wait) for name, form in forms.items()}, 3 if quick else 9)
            expected = plain(peer, image).float()
            for name in orders:
                apart = float((inference.deblur(ours[name], given[name]).float() - expected).abs().max())
                memory = f", {_peak(forms['peer']):.2f} and {_peak(forms[name]):.2f} GB" if cuda else ""
                yield Measurement(
                    "gpu", f"IFAN, {width}x{height}, {precision}, {name}", spent[name], spent["peer"],
                    spent[f"floor {name}"], f"peer: plain, NCHW; floor: its convolutions; {apart:.1e} apart{memory}",
                )  # fmt: skip


def _network(device: str, dtype: torch.dtype, order: torch.memory_format) -> IFAN:
    return network().to(device, dtype).to(memory_format=order)  # type: ignore[call-overload, no-any-return]


def _waited(form: Callable[[], object], wait: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        form()
        wait()

    return run


def _peak(form: Callable[[], object]) -> float:
    """GB that are allocated at most beside what is there."""
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    kept: Tensor | object = form()
    torch.cuda.synchronize()
    del kept
    return (torch.cuda.max_memory_allocated() - before) / 1e9
