"""The IFAN deblurring network (Lee et al., CVPR 2021, Section 3.2; supplement, Section 6, Table 7).

Attribute names are those of the released checkpoints, so that their state dictionaries load without renaming.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ifan.blocks import ResidualStack, activation, conv, conv_act, initialise, upconv_act
from ifan.fac import filter_adaptive_convolution
from ifan.iac import iterative_adaptive_convolution
from ifan.shape import FEATURES, WIDTHS, NetworkShape, SquareLayout
from ifan.sharing.hub import HubModel


@dataclass(frozen=True)
class Prediction:
    """The network's result and its intermediate estimates, which the losses need.

    Parameters
    ----------
    image
        I_BS, float (B, 3, H, W), not clipped.
    disparity
        d, float (B, 1, H/8, W/8), px of the small image; None if the network estimates none.
    filter_map
        F_deblur, float (B, N c (2k + 1), H/8, W/8); None if the network predicts no filters.
    """

    image: Tensor
    disparity: Tensor | None
    filter_map: Tensor | None


class IFAN(HubModel):
    """Feature encoder, filter encoder, disparity map estimator, filter predictor, IAC and reconstructor.

    Parameters
    ----------
    shape
        Shape parameters; those of the paper's final model if not given.
    """

    def __init__(self, shape: NetworkShape | None = None) -> None:
        super().__init__(shape)
        one, two, three, four = WIDTHS
        self._add_encoder("conv", 3)
        self._add_encoder("kconv", 6 if self.shape.dual else 3)
        self._add_estimator()
        if self.shape.deblurring == "blocks":
            self._add_blocks()
        else:
            self._add_predictor()
        self.conv_res = nn.Sequential(conv_act(four, four), ResidualStack(four, 3), conv_act(four, four))
        for level, (inputs, outputs) in {3: (four, three), 2: (three, two), 1: (two, one)}.items():
            setattr(self, f"upconv{level}_u", upconv_act(inputs, outputs))
            setattr(self, f"upconv{level}_1", ResidualStack(outputs, 1))
            setattr(self, f"upconv{level}_2", ResidualStack(outputs, 1))
        self.out_res = nn.Sequential(conv(one, 3), activation())
        initialise(self)
        for name in ("conv_DME", "conv4_4", "F"):
            if hasattr(self, name):
                initialise(getattr(self, name), gain=1.5)

    def _add_estimator(self) -> None:
        """Add the disparity map estimator, or the layers that replace it (supplement, Tables 4 and 6)."""
        width = FEATURES
        two_stacks = (ResidualStack(width, 2), ResidualStack(width, 2))
        if self.shape.disparity:
            self.DME = nn.Sequential(conv_act(width, width), *two_stacks, conv(width, 1))
            self.conv_DME = conv_act(1, width)
        elif self.shape.deblurring == "blocks":
            self.DME = nn.Sequential(conv_act(width, width), *two_stacks, conv_act(width, width))
        else:
            self.DME = nn.Sequential(conv_act(width, width), ResidualStack(width, 3), conv_act(width, width + 1))
            self.conv_DME = conv_act(width + 1, width)

    def _add_predictor(self) -> None:
        """Add the filter predictor (supplement, Tables 6 and 7)."""
        width = FEATURES
        self.conv4_4 = nn.Sequential(
            conv_act(2 * width, width), ResidualStack(width, 2), ResidualStack(width, 2), conv_act(width, width)
        )
        self.F = nn.Sequential(
            conv_act(width, width),
            ResidualStack(width, 2),
            ResidualStack(width, 2),
            conv(width, self.shape.map_channels, kernel=1),
        )

    def _add_blocks(self) -> None:
        """Add the blocks that replace filter predictor and IAC in the ablation (supplement, Tables 4 and 5)."""
        width = FEATURES
        steps: tuple[int, ...] = (15,)
        if self.shape.disparity:
            self.conv4_4 = nn.Sequential(
                conv_act(2 * width, width), ResidualStack(width, 4), conv_act(width, 192), conv_act(192, width)
            )
            steps = (5, 4)
        self.blocks = nn.Sequential(
            conv_act(2 * width, width), *(ResidualStack(width, count) for count in steps), conv_act(width, width)
        )

    def _add_encoder(self, prefix: str, inputs: int) -> None:
        for level, width in enumerate(WIDTHS, start=1):
            setattr(self, f"{prefix}{level}_1", conv_act(inputs, width, stride=1 if level == 1 else 2))
            setattr(self, f"{prefix}{level}_2", conv_act(width, width))
            setattr(self, f"{prefix}{level}_3", conv_act(width, width))
            inputs = width

    def _levels(self, prefix: str, image: Tensor) -> Iterator[Tensor]:
        features = image
        for level in range(1, len(WIDTHS) + 1):
            for step in (1, 2, 3):
                features = getattr(self, f"{prefix}{level}_{step}")(features)
            yield features

    def encode(self, image: Tensor) -> list[Tensor]:
        """Return the feature encoder's outputs at full, half, quarter and eighth size; the last is e_B."""
        return list(self._levels("conv", image))

    def encode_filters(self, views: Tensor) -> Tensor:
        """Return e_F of the filter encoder, float (B, 128, H/8, W/8)."""
        features = views
        # The larger levels are not kept: they are not needed again and would take the most memory.
        for features in self._levels("kconv", views):  # noqa: B007
            pass
        return features

    def estimate_disparity(self, views: Tensor) -> Tensor:
        """Run the filter encoder and the disparity map estimator.

        Parameters
        ----------
        views
            float (B, 3, H, W): the right view in training, the defocused image at test time; or (B, 6, H, W), right
            then left view, for the dual-pixel network.

        Returns
        -------
        Tensor
            float (B, 1, H/8, W/8), px of the small image; positive samples to the right.
        """
        disparity: Tensor = self.DME(self.encode_filters(views))
        return disparity

    @property
    def filter_head(self) -> nn.Conv2d:
        """The 1x1 convolution whose output is the filter map."""
        head = self.F[-1]
        if not isinstance(head, nn.Conv2d):
            raise TypeError(f"the filter predictor ends in a {type(head).__name__}, not in a convolution")
        return head

    def fuse(self, filter_features: Tensor) -> tuple[Tensor, Tensor]:
        """Return the disparity map (or the features that replace it), and the features fused from it and e_F."""
        estimated = self.DME(filter_features)
        if not hasattr(self, "conv_DME"):
            return estimated, estimated
        return estimated, self.conv4_4(torch.cat([filter_features, self.conv_DME(estimated)], dim=1))

    def reconstruct(self, features: Tensor, skips: list[Tensor]) -> Tensor:
        """Run the reconstructor without the final sum.

        Parameters
        ----------
        features
            e_BS, float (B, 128, H/8, W/8).
        skips
            The feature encoder's first three outputs; the list is emptied, so that each output is freed after its use.

        Returns
        -------
        Tensor
            The correction to add to the defocused image, float (B, 3, H, W).
        """
        features = self.conv_res(features)
        for level in (3, 2, 1):
            features, skip = getattr(self, f"upconv{level}_u")(features), skips.pop()
            # The gradient of the activation needs its unchanged output.
            features = features + skip if torch.is_grad_enabled() else features.add_(skip)
            features = getattr(self, f"upconv{level}_1")(features)
            features = getattr(self, f"upconv{level}_2")(features)
        correction: Tensor = self.out_res(features)
        return correction

    def predict(self, image: Tensor, views: Tensor | None = None) -> Prediction:
        """Deblur, and also return the estimates that the losses need.

        Parameters
        ----------
        image
            I_B, float (B, 3, H, W) in [0, 1], H and W multiples of 8.
        views
            float (B, 6, H, W), right then left view; only for the dual-pixel network.
        """
        *skips, defocused = self.encode(image)
        estimated, fused = self.fuse(self.encode_filters(image if views is None else views))
        filter_map = None
        if self.shape.deblurring == "blocks":
            deblurred = self.blocks(torch.cat([fused, defocused], dim=1))
        else:
            filter_map = self.F(fused)
            deblurred = self._filter(defocused, filter_map)
        disparity = estimated if self.shape.disparity else None
        return Prediction(self.reconstruct(deblurred, skips) + image, disparity, filter_map)

    def _filter(self, features: Tensor, filter_map: Tensor) -> Tensor:
        if self.shape.deblurring == "fac":
            return filter_adaptive_convolution(features, filter_map, SquareLayout(FEATURES))
        return iterative_adaptive_convolution(
            features, filter_map, self.shape.layout, shared_taps=self.shape.shared_taps
        )

    def forward(self, image: Tensor, views: Tensor | None = None) -> Tensor:
        """Return only the deblurred image I_BS, float (B, 3, H, W), not clipped; see `predict`.

        `ifan.inference` computes the same with less memory.
        """
        return self.predict(image, views).image
