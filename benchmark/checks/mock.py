"""Mock images and a mock data set for checking plug-ins: tiny, odd-sized, portrait and landscape."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmark.method import Image, Sample

SIZES = {"tiny": (64, 64), "odd": (65, 99), "portrait": (131, 70), "landscape": (72, 136)}
"""Height and width in px of the mock data set's images."""


def mock_image(height: int, width: int) -> Image:
    """Draw a reddish image of soft blobs and a hard-edged box, float32 (3, H, W) in [0, 1]."""
    import torch

    generator = torch.Generator().manual_seed(height * 1000 + width)
    coarse = torch.rand(1, 3, 8, 8, generator=generator) * 0.4
    soft = torch.nn.functional.interpolate(coarse, size=(height, width), mode="bicubic", align_corners=False)[0]
    image = (soft + torch.tensor([0.5, 0.3, 0.1])[:, None, None]).clamp(0, 1)
    image[:, height // 3 : height // 2, width // 4 : width // 2] *= 0.4
    return image


def blurred(image: Image, side: int = 5) -> Image:
    """Blur an image with the mean over squares of ``side`` px."""
    import torch

    margin = side // 2
    padded = torch.nn.functional.pad(image[None], (margin, margin, margin, margin), mode="replicate")
    return torch.nn.functional.avg_pool2d(padded, side, 1)[0]


def noisy(image: Image, deviation: float) -> Image:
    """Add Gaussian noise to an image and clip it to [0, 1]; the noise is the same each time."""
    import torch

    generator = torch.Generator().manual_seed(1)
    noise = torch.randn(image.shape, generator=generator)
    return (image + deviation * noise).clamp(0, 1)


def mock_sample(name: str, height: int, width: int, device: str, *, dual: bool) -> Sample:
    """Make a sample as a method receives it: with views if wanted, without the all-in-focus image."""
    from benchmark.method import Sample

    image = mock_image(height, width).to(device)
    views = (image.roll(1, -1), image.roll(-1, -1)) if dual else (None, None)
    return Sample(name, image, *views)


def write_pairs(root: Path) -> Path:
    """Write 16-bit pairs with views, one of every size, as data set ``folder`` reads them; return ``root``."""
    from realdof.images.depth import pixels_from_image
    from realdof.images.files import write_pixels

    for kind, (height, width) in SIZES.items():
        target = mock_image(height, width)
        source = blurred(target)
        images = {"source": source, "target": target, "left": source.roll(1, -1), "right": source.roll(-1, -1)}
        for role, image in images.items():
            write_pixels(root / role / f"{kind}.png", pixels_from_image(image, 16))
    return root
