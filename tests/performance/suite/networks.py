"""IFAN whole and in bands, against the network as one would first write it down and against its own convolutions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from unittest import mock

import torch
from torch import Tensor, nn

from ifan import bands, inference
from ifan.network import IFAN
from ifan.variants import VARIANTS
from ifan.weights import load_network, read_weights
from realdof.common.machine.memory import keep_blocks
from tests.performance.ifan_inference import picture
from tests.performance.ifan_reference import deblur as plain
from tests.performance.suite.measurement import Measurement, in_turns

BAND = 128


def network() -> IFAN:
    """The shipped weights as `ifan deblur` loads them."""
    keep_blocks()
    loaded = load_network(VARIANTS["ifan"], read_weights(VARIANTS["ifan"].sets.find("synthetic")))
    return loaded.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]


def convolutions(loaded: IFAN, image: Tensor) -> Callable[[], None]:
    """Every convolution of the network once on its own, on input of the size it sees: what no inference can beat."""
    calls: list[tuple[nn.Module, Tensor]] = []

    def note(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        calls.append((module, torch.rand_like(inputs[0])))

    kinds = (nn.Conv2d, nn.ConvTranspose2d)
    hooks = [module.register_forward_hook(note) for module in loaded.modules() if isinstance(module, kinds)]
    # Hooks see the modules only where activations are not fused into them.
    with mock.patch("ifan.blocks.can_fuse", return_value=False):
        inference.deblur(loaded, image)
    for hook in hooks:
        hook.remove()
    # The filters' last layer is taken apart by filter set, so no hook sees it.
    head, layout = loaded.filter_head, loaded.shape.layout
    width = layout.channels * (layout.taps * (1 if loaded.shape.shared_taps else 2) + 1)
    shape = (1, head.in_channels, image.shape[2] // 8, image.shape[3] // 8)
    small = next(features for _, features in calls if features.shape == shape)
    order = torch.channels_last if small.is_contiguous(memory_format=torch.channels_last) else torch.contiguous_format
    one = nn.Conv2d(head.in_channels, width, 1, device=small.device, dtype=small.dtype)
    one.to(memory_format=order)  # type: ignore[call-overload]

    @torch.inference_mode()
    def run() -> None:
        for module, features in calls:
            module(features)
        for _ in range(layout.sets):
            one(small)

    return run


def measure(quick: bool) -> Iterator[Measurement]:
    """IFAN's lines."""
    height, width, rounds = (256, 384, 3) if quick else (720, 1280, 3)
    loaded, image = network(), picture(height, width)
    first = load_network(VARIANTS["ifan"], read_weights(VARIANTS["ifan"].sets.find("synthetic")))
    given = image.contiguous(memory_format=torch.channels_last)
    made = torch.empty(1, 3, height, width)

    def write(start: int, stop: int, rows: Tensor) -> None:
        made[:, :, start:stop] = rows

    def in_bands() -> object:
        return bands.deblur(
            loaded, lambda start, stop: given[:, :, start:stop], None, height, width, write,
            lambda graph: graph.plan(BAND),
        )  # fmt: skip

    spent = in_turns(
        {
            "peer": lambda: plain(first, image),
            "floor": convolutions(loaded, given),
            "whole": lambda: inference.deblur(loaded, given),
            "bands": in_bands,
        },
        rounds,
    )
    whole = inference.deblur(loaded, given)
    apart = float((whole - plain(first, image)).abs().max())
    yield Measurement(
        "networks", f"IFAN, {width}x{height}", spent["whole"], spent["peer"], spent["floor"],
        f"peer: unfold and sum, whole filter map, NCHW; floor: its convolutions alone; {apart:.1e} apart",
    )  # fmt: skip
    apart = float((whole - made).abs().max())
    yield Measurement(
        "networks", f"the same in bands of {BAND} rows", spent["bands"], spent["whole"], spent["floor"],
        f"peer: computed whole; {apart:.1e} apart",
    )  # fmt: skip
