"""DMENet, a network from a defocused image to its defocus map (Lee, Lee, Cho and Lee, CVPR 2019)."""

import torch
from torch import Tensor, nn

from baselines.dmenet.shape import DMENetShape

SIZE_MULTIPLE = 16
"""The network halves the image four times; the authors cut an image to a multiple of 16."""

VGG_MEAN = (123.68, 116.779, 103.939)
"""Mean of red, green and blue in [0, 255], which is subtracted before VGG19's first layer."""

SLOPE = 0.2
LARGEST_COC = 15.0
"""Diameter in px of the circle of confusion whose map value is 1."""

ENCODER_DEPTHS = (2, 2, 4, 4, 4)
REFINEMENTS = 7


def sigma_from_map(defocus: Tensor) -> Tensor:
    """Return the standard deviation of the blur in px for map values in [0, 1]; it is 0 up to 1 / 15."""
    return ((LARGEST_COC * defocus - 1) / 2).clamp(min=0)


def map_from_sigma(sigma: Tensor) -> Tensor:
    """Return the map values for a blur in px; the inverse of `sigma_from_map` where there is blur."""
    return (2 * sigma + 1) / LARGEST_COC


class ShiftNorm(nn.BatchNorm2d):
    """TensorLayer's batch normalisation without a scale: standardise each channel, then add a learned shift."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=1e-5, momentum=0.1, affine=False)
        self.shift = nn.Parameter(torch.zeros(channels))

    def forward(self, features: Tensor) -> Tensor:
        """Normalise (B, C, H, W) to the same shape."""
        return super().forward(features) + self.shift[:, None, None]


class DMENet(nn.Module):
    """DMENet; its layers are defined in the order of the released code.

    Parameters
    ----------
    shape
        Shape parameters of the DMENet.
    """

    def __init__(self, shape: DMENetShape) -> None:
        super().__init__()
        self.shape = shape
        widths = shape.widths
        self.encoder = nn.ModuleList(
            _vgg_level(before, width, depth)
            for before, width, depth in zip((3, *widths[:-1]), widths, ENCODER_DEPTHS, strict=True)
        )
        self.pool = nn.MaxPool2d(2)
        self.auxiliary4 = _auxiliary(widths[4], shape)
        self.up3 = _UpLevel(widths[4], widths[3], 4 * shape.width, 3)
        self.auxiliary3 = _auxiliary(4 * shape.width, shape)
        self.up2 = _UpLevel(4 * shape.width, widths[2], 2 * shape.width, 3)
        self.auxiliary2 = _auxiliary(2 * shape.width, shape)
        self.up1 = _UpLevel(2 * shape.width, widths[1], shape.width, 3)
        self.auxiliary1 = _auxiliary(shape.width, shape)
        self.up0 = _UpLevel(shape.width, widths[0], shape.width, 1)
        self.auxiliary0 = _auxiliary(shape.width, shape)
        self.refinement = nn.Sequential(*(_Refinement(shape.width) for _ in range(REFINEMENTS)))
        half = shape.width // 2
        self.head = nn.Sequential(_unit(shape.width, shape.width), _unit(shape.width, half), _convolution(half, 1))

    def forward(self, image: Tensor) -> list[Tensor]:
        """Estimate the defocus map.

        Parameters
        ----------
        image
            float (B, 3, H, W), RGB in [0, 1], sides multiples of 16.

        Returns
        -------
        list
            The map, (B, 1, H, W) in [0, 1], followed by the auxiliary maps, if any, from the smallest to the largest.
        """
        skips: list[Tensor] = []
        features = image * 255 - image.new_tensor(VGG_MEAN)[:, None, None]
        for level, block in enumerate(self.encoder):
            features = block(self.pool(features) if level else features)
            skips.append(features)
        maps = self._auxiliary_map(self.auxiliary4, features)
        for level in (3, 2, 1, 0):
            features = getattr(self, f"up{level}")(features, skips[level])
            maps += self._auxiliary_map(getattr(self, f"auxiliary{level}"), features)
        return [torch.sigmoid(self.head(self.refinement(features))), *maps]

    def _auxiliary_map(self, head: nn.Module, features: Tensor) -> list[Tensor]:
        return [torch.sigmoid(head(features))] if self.shape.auxiliary else []

    def initialise(self) -> None:
        """Initialise as the released code does, but without VGG19's weights: He, and Xavier before a sigmoid."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                if module.out_channels == 1:
                    nn.init.xavier_uniform_(module.weight)
                else:
                    deviation = (2 / module.weight[0].numel()) ** 0.5
                    nn.init.trunc_normal_(module.weight, 0, deviation, -2 * deviation, 2 * deviation)
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter)


class _UpLevel(nn.Module):
    """Nearest-neighbour up-sampling by 2, concatenation with the encoder's features, then convolutions."""

    def __init__(self, below: int, skip: int, width: int, depth: int) -> None:
        super().__init__()
        self.enlarge = nn.Upsample(scale_factor=2, mode="nearest")
        widths = [below + skip] + [width] * depth
        self.convolve = nn.Sequential(*(_unit(widths[step], width) for step in range(depth)))

    def forward(self, features: Tensor, skip: Tensor) -> Tensor:
        """Decode (B, below, H, W) and (B, skip, 2H, 2W) to (B, width, 2H, 2W)."""
        joined: Tensor = self.convolve(torch.cat([self.enlarge(features), skip], dim=1))
        return joined


class _Refinement(nn.Module):
    """A residual block: two convolutions plus a 1x1 convolution of the input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.side = _unit(width, width, 1)
        self.main = nn.Sequential(_unit(width, width), _unit(width, width))

    def forward(self, features: Tensor) -> Tensor:
        """Refine (B, width, H, W) to the same shape."""
        refined: Tensor = self.main(features) + self.side(features)
        return refined


def _convolution(channels_in: int, channels_out: int, size: int = 3) -> nn.Conv2d:
    # The released code pads symmetrically, which for one pixel is the same as repeating the border.
    return nn.Conv2d(channels_in, channels_out, size, padding=size // 2, padding_mode="replicate")


def _unit(channels_in: int, channels_out: int, size: int = 3) -> nn.Sequential:
    convolution = _convolution(channels_in, channels_out, size)
    return nn.Sequential(convolution, ShiftNorm(channels_out), nn.LeakyReLU(SLOPE))


def _vgg_level(channels_in: int, width: int, depth: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for step in range(depth):
        layers += [_convolution(width if step else channels_in, width), nn.ReLU()]
    return nn.Sequential(*layers)


def _auxiliary(channels: int, shape: DMENetShape) -> nn.Module:
    """Return the head of one level's auxiliary map, without its sigmoid; an identity if the shape has none."""
    if not shape.auxiliary:
        return nn.Identity()
    half = channels // 2
    return nn.Sequential(_unit(channels, half), _convolution(half, 1), ShiftNorm(1))
