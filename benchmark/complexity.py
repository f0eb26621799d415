"""Count parameters and multiply-accumulates of a network, under named conventions.

The paper's figures are those of ptflops up to 0.6.3. It counts every convolution, one addition per output for each
bias, and one operation per output for each activation module. It also counts modules for batch normalisation (one per
output, two with a scale), max pooling (one per input) and up-sampling (one per output). Element-wise work is not
counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from benchmark.method import Architecture, MethodFactory
from benchmark.shapes import ByShape

HEIGHT, WIDTH = 720, 1280
"""Image size, px, for which the paper counts (Section 4.2)."""
PAPER = "ptflops-0.6"
ACTIVATIONS = (nn.ReLU, nn.LeakyReLU, nn.PReLU, nn.ELU, nn.ReLU6, nn.GELU)
NOT_COUNTED = "iterative adaptive convolution, sums, warps and concatenation"


@dataclass(frozen=True)
class Complexity:
    """The cost of a network for one image.

    Parameters
    ----------
    height, width
        Size of the image, px.
    parameters
        Number of parameters.
    convolution, bias, activation, scaling
        Number of operations of each kind; ``scaling`` is normalisation, pooling and up-sampling.
    bias_slip
        Error of ``ptflops-0.6``: it counts a transposed convolution's bias for H x H instead of H x W outputs.
    """

    height: int
    width: int
    parameters: int
    convolution: int
    bias: int
    activation: int
    scaling: int
    bias_slip: int

    @property
    def exact(self) -> int:
        """Sum of all counted operations, for the layers' true output sizes."""
        return self.convolution + self.bias + self.activation + self.scaling

    @property
    def paper(self) -> int:
        """Sum in the paper's convention, ``ptflops-0.6``, with its error; comparable with published figures."""
        return self.exact + self.bias_slip


def count(architecture: Architecture, height: int = HEIGHT, width: int = WIDTH) -> Complexity:
    """Count a network's parameters and operations on the meta device, without computing anything.

    Parameters
    ----------
    architecture
        Network and inputs, both on the meta device.
    height, width
        Size of the image, px.
    """
    totals = {"convolution": 0, "bias": 0, "activation": 0, "scaling": 0, "bias_slip": 0}

    def observe(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            _add_convolution(module, inputs[0], output, totals)
        elif isinstance(module, ACTIVATIONS):
            totals["activation"] += output.numel()
        elif isinstance(module, nn.BatchNorm2d):
            totals["scaling"] += output.numel() * (2 if module.affine else 1)
        elif isinstance(module, nn.MaxPool2d):
            totals["scaling"] += inputs[0].numel()
        elif isinstance(module, nn.Upsample):
            totals["scaling"] += output.numel()

    hooks = [module.register_forward_hook(observe) for module in architecture.network.modules()]
    try:
        with torch.no_grad(), ByShape():  # type: ignore[no-untyped-call]
            architecture.network(*architecture.inputs(height, width))
    finally:
        for hook in hooks:
            hook.remove()
    parameters = sum(parameter.numel() for parameter in architecture.network.parameters())
    return Complexity(height, width, parameters, **totals)


def count_methods(factories: Mapping[str, MethodFactory], height: int, width: int) -> dict[str, Complexity]:
    """Count the cost of every method that has a network, by name."""
    found = {name: factory.architecture() for name, factory in factories.items()}
    return {name: count(network, height, width) for name, network in found.items() if network is not None}


def _add_convolution(
    module: nn.Conv2d | nn.ConvTranspose2d, image: Tensor, output: Tensor, totals: dict[str, int]
) -> None:
    transposed = isinstance(module, nn.ConvTranspose2d)
    places = (image if transposed else output)[:, 0].numel()
    totals["convolution"] += places * module.weight.numel()
    if module.bias is None:
        return
    totals["bias"] += output.numel()
    if transposed:
        height, width = output.shape[-2:]
        totals["bias_slip"] += output.shape[0] * output.shape[1] * height * (height - width)
