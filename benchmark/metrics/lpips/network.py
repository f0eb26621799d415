"""The network of LPIPS: AlexNet's features of two images, and the weighted distance between them."""

import importlib.util
from pathlib import Path

import torch
from torch import Tensor, nn

from benchmark.metrics.lpips.trunk import SHAPES, load_trunk
from realdof.common.errors import InputError
from realdof.common.files import sha256_of

_LINEAR_SHA256 = "df73285e35b22355a2df87cdb6b70b343713b667eddbda73e1977e0c860835c0"
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_DEVIATION = (0.229, 0.224, 0.225)
EPSILON = 1e-10


def plain_network() -> "PerceptualDistance":
    """Load LPIPS's network with its weights.

    Raises
    ------
    InputError
        The weights are missing or damaged.
    """
    # No random initial weights are drawn, so that the caller's random state stays unchanged.
    with torch.device("meta"):
        network = PerceptualDistance()
    network.load_state_dict(load_trunk() | _linear_weights(), assign=True)
    network.eval().requires_grad_(False)
    return network


class PerceptualDistance(nn.Module):
    """The distance of Zhang et al., equation 1, over the five rectified convolutions of AlexNet."""

    def __init__(self) -> None:
        super().__init__()
        first, second, third, fourth, fifth = SHAPES.values()
        # Numbered as in torchvision, so that the weights' names fit.
        self.features = nn.Sequential(
            _convolution(first, stride=4, padding=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2),
            _convolution(second, padding=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, stride=2),
            _convolution(third, padding=1),
            nn.ReLU(inplace=True),
            _convolution(fourth, padding=1),
            nn.ReLU(inplace=True),
            _convolution(fifth, padding=1),
            nn.ReLU(inplace=True),
        )
        self.weights = nn.ParameterList(torch.empty(1, shape[0], 1, 1) for shape in SHAPES.values())

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Compute the distance between two images.

        Parameters
        ----------
        first, second
            float32 (3, H, W), RGB, in [0, 1].

        Returns
        -------
        Tensor
            float32, shape ().
        """
        # LPIPS normalises images in [-1, 1] by ImageNet's mean and deviation; this is the same for [0, 1].
        pair = torch.stack((first, second))
        mean, deviation = (pair.new_tensor(v).view(3, 1, 1) for v in (IMAGENET_MEAN, IMAGENET_DEVIATION))
        features = (pair - mean) / deviation
        weights = iter(self.weights)
        distance = pair.new_zeros(())
        for layer in self.features:
            features = layer(features)
            if isinstance(layer, nn.ReLU):
                scale = 1 / (torch.linalg.vector_norm(features, dim=1, keepdim=True) + EPSILON)
                ours, theirs = features * scale
                # In place, to save memory.
                difference = ours.sub_(theirs).square_()
                # Mean over pixels first, weighted sum over channels second: the order does not matter.
                distance = distance + (difference.mean(dim=(1, 2)) * next(weights).flatten()).sum()
        return distance


def _convolution(shape: tuple[int, ...], stride: int = 1, padding: int = 0) -> nn.Conv2d:
    outputs, inputs, size, _ = shape
    return nn.Conv2d(inputs, outputs, size, stride=stride, padding=padding)


def _linear_weights() -> dict[str, Tensor]:
    """Read the weight of each channel of each layer from the installed ``lpips`` package."""
    spec = importlib.util.find_spec("lpips")
    if spec is None or not spec.submodule_search_locations:
        raise InputError("LPIPS needs the package lpips: install lpips==0.1.4 or use --metrics psnr,ssim,mae")
    path = Path(spec.submodule_search_locations[0]) / "weights" / "v0.1" / "alex.pth"
    if not path.is_file() or sha256_of(path) != _LINEAR_SHA256:
        raise InputError(f"{path} is not the file of lpips 0.1.4: install lpips==0.1.4 again")
    state = torch.load(path, map_location="cpu", weights_only=True)
    return {f"weights.{number}": state[f"lin{number}.model.1.weight"] for number in range(len(SHAPES))}
