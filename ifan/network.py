"""The IFAN deblurring network (Lee et al., CVPR 2021, Section 3.2; supplement, Section 6, Table 7).

Attribute names are those of the released checkpoints, so that their state dictionaries load as they are.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ifan.blocks import ResidualStack, activation, conv, conv_act, initialise, upconv_act
from ifan.iac import FilterLayout, iterative_adaptive_convolution

WIDTHS = (32, 64, 128, 128)
"""Channels at full, half, quarter and eighth size."""
FEATURES = WIDTHS[-1]
"""c_e, the channels of the defocused features."""
SIZE_MULTIPLE = 8
"""Images are reduced three times by two."""


@dataclass(frozen=True)
class NetworkShape:
    """What tells one IFAN of the paper from another.

    Parameters
    ----------
    filters
        N, the number of separable filter sets (Table 4).
    dual
        The filter encoder sees both dual-pixel views, right then left (supplement, Section 3).
    shared_taps
        The form of IAC: True for checkpoints released with the paper, False for Equation 1.
    """

    filters: int = 17
    dual: bool = False
    shared_taps: bool = False

    @property
    def layout(self) -> FilterLayout:
        """The order of the filter map's channels."""
        return FilterLayout(self.filters, FEATURES)


@dataclass(frozen=True)
class Prediction:
    """Everything the network computes on the way; the losses need it all.

    Parameters
    ----------
    image
        I_BS, float (B, 3, H, W), not clipped.
    disparity
        d, float (B, 1, H/8, W/8), px of the small image.
    filter_map
        F_deblur, float (B, N c (2k + 1), H/8, W/8).
    """

    image: Tensor
    disparity: Tensor
    filter_map: Tensor


class IFAN(nn.Module):
    """Feature encoder, filter encoder, disparity map estimator, filter predictor, IAC and reconstructor."""

    def __init__(self, shape: NetworkShape | None = None) -> None:
        super().__init__()
        self.shape = shape or NetworkShape()
        one, two, three, four = WIDTHS
        self._add_encoder("conv", 3)
        self._add_encoder("kconv", 6 if self.shape.dual else 3)
        self.DME = nn.Sequential(conv_act(four, four), ResidualStack(four, 2), ResidualStack(four, 2), conv(four, 1))
        self.conv_DME = conv_act(1, four)
        self.conv4_4 = nn.Sequential(
            conv_act(2 * four, four), ResidualStack(four, 2), ResidualStack(four, 2), conv_act(four, four)
        )
        self.F = nn.Sequential(
            conv_act(four, four),
            ResidualStack(four, 2),
            ResidualStack(four, 2),
            conv(four, self.shape.layout.map_channels, kernel=1),
        )
        self.conv_res = nn.Sequential(conv_act(four, four), ResidualStack(four, 3), conv_act(four, four))
        for level, (inputs, outputs) in {3: (four, three), 2: (three, two), 1: (two, one)}.items():
            setattr(self, f"upconv{level}_u", upconv_act(inputs, outputs))
            setattr(self, f"upconv{level}_1", ResidualStack(outputs, 1))
            setattr(self, f"upconv{level}_2", ResidualStack(outputs, 1))
        self.out_res = nn.Sequential(conv(one, 3), activation())
        initialise(self)
        for part in (self.conv_DME, self.conv4_4, self.F):
            initialise(part, gain=1.5)

    def _add_encoder(self, prefix: str, inputs: int) -> None:
        for level, width in enumerate(WIDTHS, start=1):
            setattr(self, f"{prefix}{level}_1", conv_act(inputs, width, stride=1 if level == 1 else 2))
            setattr(self, f"{prefix}{level}_2", conv_act(width, width))
            setattr(self, f"{prefix}{level}_3", conv_act(width, width))
            inputs = width

    def _encode(self, prefix: str, image: Tensor) -> list[Tensor]:
        levels = []
        features = image
        for level in range(1, len(WIDTHS) + 1):
            for step in (1, 2, 3):
                features = getattr(self, f"{prefix}{level}_{step}")(features)
            levels.append(features)
        return levels

    def encode_filters(self, views: Tensor) -> Tensor:
        """e_F of the filter encoder, float (B, 128, H/8, W/8)."""
        return self._encode("kconv", views)[-1]

    def estimate_disparity(self, views: Tensor) -> Tensor:
        """The disparity map estimator behind the filter encoder.

        Parameters
        ----------
        views
            float (B, 3, H, W), the right view alone in training and the defocused image at test time; or
            (B, 6, H, W), right then left view, for the dual-pixel network.

        Returns
        -------
        Tensor
            float (B, 1, H/8, W/8), px of the small image; positive samples to the right.
        """
        disparity: Tensor = self.DME(self.encode_filters(views))
        return disparity

    def _reconstruct(self, features: Tensor, skips: list[Tensor], image: Tensor) -> Tensor:
        features = self.conv_res(features)
        for level in (3, 2, 1):
            features = getattr(self, f"upconv{level}_u")(features) + skips[level - 1]
            features = getattr(self, f"upconv{level}_1")(features)
            features = getattr(self, f"upconv{level}_2")(features)
        result: Tensor = self.out_res(features) + image
        return result

    def predict(self, image: Tensor, views: Tensor | None = None) -> Prediction:
        """Deblur and keep what the losses need.

        Parameters
        ----------
        image
            I_B, float (B, 3, H, W) in [0, 1], H and W multiples of 8.
        views
            float (B, 6, H, W), right then left view; only for the dual-pixel network.
        """
        skips = self._encode("conv", image)
        filter_features = self.encode_filters(image if views is None else views)
        disparity = self.DME(filter_features)
        fused = torch.cat([filter_features, self.conv_DME(disparity)], dim=1)
        filter_map = self.F(self.conv4_4(fused))
        deblurred = iterative_adaptive_convolution(
            skips[-1], filter_map, self.shape.layout, shared_taps=self.shape.shared_taps
        )
        return Prediction(self._reconstruct(deblurred, skips, image), disparity, filter_map)

    def forward(self, image: Tensor, views: Tensor | None = None) -> Tensor:
        """The deblurred image I_BS alone, float (B, 3, H, W), not clipped; see `predict`."""
        return self.predict(image, views).image
