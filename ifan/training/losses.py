"""IFAN's three training losses (Lee et al., CVPR 2021, Section 3.3), and alternatives to the deblurring loss."""

from collections.abc import Callable

import torch
from kornia.geometry.transform import remap
from torch import Tensor, nn
from torch.nn import functional

from ifan.network import IFAN
from ifan.reblurring import ReblurringNetwork
from ifan.shape import SIZE_MULTIPLE
from ifan.training.perceptual import PerceptualLoss


def downsample(image: Tensor) -> Tensor:
    """Average 8x8 blocks: float (B, C, H, W) to (B, C, H/8, W/8)."""
    return functional.avg_pool2d(image, SIZE_MULTIPLE)


def downsample_nearest(image: Tensor) -> Tensor:
    """Keep the first pixel of every 8x8 block, as the released code does with the all-in-focus image."""
    return image[..., ::SIZE_MULTIPLE, ::SIZE_MULTIPLE]


def warp_by_disparity(image: Tensor, disparity: Tensor) -> Tensor:
    """Sample an image at x + d: the spatial transformer of Equation 2.

    Parameters
    ----------
    image
        The right view downsampled by 8, float (B, 3, h, w).
    disparity
        float (B, 1, h, w), px of the small image.

    Returns
    -------
    Tensor
        float (B, 3, h, w), bilinear, zero where x + d falls outside.
    """
    height, width = image.shape[-2:]
    rows, columns = torch.meshgrid(
        torch.arange(height, dtype=image.dtype, device=image.device),
        torch.arange(width, dtype=image.dtype, device=image.device),
        indexing="ij",
    )
    across = columns + disparity[:, 0]
    return remap(image, across, rows.expand_as(across), align_corners=True)


def deblurring_loss(output: Tensor, target: Tensor, image: Tensor | None = None) -> Tensor:
    """Return L_deblur, Equation 4: the mean squared error between I_BS and I_S, both (B, 3, H, W)."""
    return functional.mse_loss(output, target)


def rms_deblurring_loss(output: Tensor, target: Tensor, image: Tensor | None = None) -> Tensor:
    """Return the images' mean root mean squared error, scaled by 0.1; not in the paper.

    Equation 4 weights a patch by its squared error, so sharp patches hardly count and a short training ruins them. This
    loss is a compromise between Equation 4 and `log_deblurring_loss`.
    """
    errors = (output - target).square().mean(dim=(1, 2, 3))
    return 0.1 * torch.sqrt(errors + 1e-6).mean()


def log_deblurring_loss(output: Tensor, target: Tensor, image: Tensor | None = None) -> Tensor:
    """Return the images' mean logarithm of the mean squared error, scaled by 0.01; not in the paper.

    Every patch has the same weight, as in the mean PSNR over images.
    """
    errors = (output - target).square().mean(dim=(1, 2, 3))
    return 0.01 * torch.log(errors + 1e-5).mean()


def detail_deblurring_loss(output: Tensor, target: Tensor, image: Tensor | None = None) -> Tensor:
    """Return `log_deblurring_loss` plus the logarithm of the mean absolute error of the gradients; not in the paper.

    The squared error alone favours the mean of all sharp images that could explain a blurred one. The gradients of that
    mean are too weak, which their absolute error penalises.
    """
    difference = output - target
    across = (difference[..., :, 1:] - difference[..., :, :-1]).abs().mean(dim=(1, 2, 3))
    down = (difference[..., 1:, :] - difference[..., :-1, :]).abs().mean(dim=(1, 2, 3))
    return log_deblurring_loss(output, target) + 0.01 * torch.log(across + down + 2e-3).mean()


def mixed_deblurring_loss(output: Tensor, target: Tensor, image: Tensor | None = None) -> Tensor:
    """Return `detail_deblurring_loss` with the logarithms bounded near 40 dB for almost sharp images; not in the paper.

    Without the bound an exact copy of an almost sharp image lowers the loss far more than any deblurring, so a network
    that is trained on many such images learns to copy.

    Parameters
    ----------
    image
        The defocused images, which show which patches are almost sharp.
    """
    if image is None:
        raise ValueError("the loss 'mixed' needs the defocused images")
    nearly_true = (image - target).square().mean(dim=(1, 2, 3)) < 1e-4
    difference = output - target
    errors = difference.square().mean(dim=(1, 2, 3))
    across = (difference[..., :, 1:] - difference[..., :, :-1]).abs().mean(dim=(1, 2, 3))
    down = (difference[..., 1:, :] - difference[..., :-1, :]).abs().mean(dim=(1, 2, 3))
    detail = torch.log(errors + 1e-5) + torch.log(across + down + 2e-3)
    bounded = torch.log(errors + 1e-4) + torch.log(across + down + 6e-3)
    return 0.01 * torch.where(nearly_true, bounded, detail).mean()


DEBLURRING_LOSSES: dict[str, Callable[..., Tensor]] = {
    "mse": deblurring_loss,
    "rms": rms_deblurring_loss,
    "log": log_deblurring_loss,
    "detail": detail_deblurring_loss,
    "mixed": mixed_deblurring_loss,
}
"""The deblurring losses by name: ``mse`` is the paper's."""


def disparity_loss(disparity: Tensor, right: Tensor, left: Tensor) -> Tensor:
    """Return L_disp, Equation 2: the error between the downsampled, warped right view and the downsampled left view.

    Parameters
    ----------
    disparity
        d from right to left, float (B, 1, H/8, W/8).
    right, left
        The dual-pixel views, float (B, 3, H, W).
    """
    return functional.mse_loss(warp_by_disparity(downsample(right), disparity), downsample(left))


def reblurring_loss(reblurred: Tensor, image: Tensor) -> Tensor:
    """Return L_reblur, Equation 3: reblurred small image (B, 3, H/8, W/8) against defocused image (B, 3, H, W)."""
    return functional.mse_loss(reblurred, downsample(image))


class TrainedIFAN(nn.Module):
    """IFAN with its losses and, if used, its reblurring network: maps a batch to loss terms.

    ``forward`` takes a batch of four images, float (B, 3, H, W) each: ``image``, ``left``, ``right``, ``target``.
    With ``half_precision`` the network computes in bfloat16 where that is safe. Images and losses stay float32, because
    bfloat16 would round more than the errors of sharp images (8 bits: 50 dB). With ``perceptual`` above 0, LPIPS is a
    further term with that weight; not in the paper.
    """

    def __init__(
        self,
        network: IFAN,
        reblurring: ReblurringNetwork | None,
        *,
        loss: str = "mse",
        half_precision: bool = False,
        perceptual: float = 0.0,
    ) -> None:
        super().__init__()
        self.perceptual_weight = perceptual
        self.perceptual = PerceptualLoss() if perceptual > 0 else None
        self.half_precision = half_precision
        self.deblurring_loss = DEBLURRING_LOSSES[loss]
        self.network = network
        self.reblurring = reblurring

    def forward(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return the loss terms by name; their sum is L_total. Without an estimator there is no disparity loss."""
        image, left, right, target = (batch[key] for key in ("image", "left", "right", "target"))
        shape = self.network.shape
        with torch.autocast(image.device.type, torch.bfloat16, enabled=self.half_precision):
            prediction = self.network.predict(image, torch.cat([right, left], dim=1) if shape.dual else None)
        terms = {"deblur": self.deblurring_loss(prediction.image.to(target.dtype), target, image)}
        if prediction.disparity is not None:
            # The paper trains the estimator on the right view, but applies it to the merged image at test time.
            with torch.autocast(image.device.type, torch.bfloat16, enabled=self.half_precision):
                disparity = prediction.disparity if shape.dual else self.network.estimate_disparity(right)
            terms["disparity"] = disparity_loss(disparity.to(right.dtype), right, left)
        if self.perceptual is not None:
            with torch.autocast(image.device.type, torch.bfloat16, enabled=self.half_precision):
                terms["lpips"] = self.perceptual_weight * self.perceptual(prediction.image, target)
        if self.reblurring is not None and prediction.filter_map is not None:
            reblurred = self.reblurring(prediction.filter_map, downsample_nearest(target))
            terms["reblur"] = reblurring_loss(reblurred, image)
        return terms
