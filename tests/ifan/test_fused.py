"""A convolution and what follows it in one operation give what the plain operations give."""

import pytest
import torch
from golden import CENTRE, weights_for
from torch import Tensor, nn

import ifan.blocks
from ifan import inference
from ifan.blocks import ResidualStack, conv_act, upconv_act
from ifan.fused import AVAILABLE, can_fuse
from ifan.network import IFAN
from ifan.shape import NetworkShape

pytestmark = pytest.mark.skipif(not AVAILABLE, reason="this build of torch has no oneDNN")
BLOCKS = {
    "conv": lambda: conv_act(5, 7),
    "conv of one channel": lambda: conv_act(1, 8),
    "conv of stride 2": lambda: conv_act(8, 16, stride=2),
    "upconv": lambda: upconv_act(16, 8),
    "one residual step": lambda: ResidualStack(8, 1),
    "three residual steps": lambda: ResidualStack(8, 3),
}


def plainly(block: nn.Module, features: Tensor, monkeypatch: pytest.MonkeyPatch) -> Tensor:
    with monkeypatch.context() as plain, torch.inference_mode():
        plain.setattr(ifan.blocks, "can_fuse", lambda features: False)
        result: Tensor = block(features)
        return result


@pytest.mark.parametrize("name", BLOCKS)
@pytest.mark.parametrize("size", [(64, 48), (9, 17)])
def test_every_block_gives_the_same_bits(name: str, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    block = BLOCKS[name]().to(memory_format=torch.channels_last)
    channels = next(iter(block.parameters())).shape[0 if "up" in name else 1]
    features = torch.randn(2, channels, *size).contiguous(memory_format=torch.channels_last)
    kept = features.clone()
    with torch.inference_mode():
        assert can_fuse(features)
        found = block(features)
    assert torch.equal(features, kept), "the input is left as it was"
    assert torch.equal(found, plainly(block, features, monkeypatch))


def test_the_whole_network_gives_the_same_image_to_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    network = IFAN(NetworkShape(8))
    network.load_state_dict(weights_for(network))
    network = network.eval().requires_grad_(False).to(memory_format=torch.channels_last)
    image = CENTRE.contiguous(memory_format=torch.channels_last)
    found = inference.deblur(network, image)
    monkeypatch.setattr(ifan.blocks, "can_fuse", lambda features: False)
    expected = inference.deblur(network, image)
    # torch leaves small convolutions to other code than oneDNN's, which adds in another order.
    assert (found - expected).abs().max() < 1e-6 * expected.abs().max()


def test_gradients_half_precision_and_other_layouts_take_the_plain_way() -> None:
    features = torch.randn(1, 8, 16, 16).contiguous(memory_format=torch.channels_last)
    assert not can_fuse(features), "gradients are recorded"
    with torch.inference_mode():
        assert can_fuse(features)
        assert not can_fuse(features.bfloat16())
        assert not can_fuse(features.contiguous())
        assert not can_fuse(features.to("meta"))
