"""IFAN's training: its network, data, losses and validation, around the shared loop."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import fmean
from types import MappingProxyType
from typing import Any, Literal, cast

import numpy as np
import torch
from lightning_fabric import Fabric
from lightning_fabric.utilities.exceptions import MisconfigurationException
from torch import Tensor, nn
from torch.nn import functional

from benchmark.datasets.dual_pixel import DualPixelFolder
from benchmark.metrics.base import Metric
from benchmark.metrics.lpips.metric import LPIPS
from benchmark.metrics.psnr import PSNR
from benchmark.training.ahead import Ahead
from benchmark.training.loop import Recipe, Trainer
from benchmark.weight_files import read_card
from ifan.network import IFAN, SIZE_MULTIPLE
from ifan.reblurring import ReblurringNetwork
from ifan.training.augmentation import Augmentation
from ifan.training.data import FolderPatches, Patches, RenderedPatches
from ifan.training.initialisation import preserve_variance
from ifan.training.losses import TrainedIFAN
from ifan.training.synthesis import Source, Synthesis
from ifan.variants import Variant, describe
from ifan.weights import load_network, read_weights, save_weights
from realdof.common.errors import InputError
from realdof.images.depth import image_from_pixels, pixels_from_image
from realdof.images.files import write_pixels
from realdof.images.headers import read_header

MOST_LOADERS = 8
SAMPLES, SAMPLE_SIDE = 3, 256
"""Of how many validation scenes pictures are kept, and the side of the part that is shown, px."""


@dataclass(frozen=True)
class Settings:
    """What a training run is made of, beside its data.

    Parameters
    ----------
    variant
        Which IFAN.
    recipe, augmentation
        How long, how, and on what patches.
    reblurring_width
        32 as the supplement has it; the released code uses 128; 0 trains without the reblurring loss.
    initialisation
        The paper's, or `ifan.training.initialisation`'s for short trainings.
    loss
        Which of `ifan.training.losses.DEBLURRING_LOSSES`; the paper's is ``mse``.
    precision
        Of the forward and backward pass, in Lightning Fabric's words: ``32-true``, ``bf16-mixed``; or ``tf32``.
    """

    variant: Variant
    recipe: Recipe
    augmentation: Augmentation
    reblurring_width: int = 32
    precision: str = "32-true"
    initialisation: Literal["paper", "variance-preserving"] = "paper"
    loss: Literal["mse", "rms", "log"] = "mse"


@dataclass(frozen=True)
class Data:
    """What a training sees.

    Parameters
    ----------
    folder
        A set in DPDD's layout; its ``val`` split, if it has one, is what validates. None for none.
    photographs
        Sharp photographs whose scenes are rendered as needed, in the place of the folder's own; empty for none.
    synthesis
        What rendered scenes are like.
    loaders
        Processes that make batches ready ahead; None for as many as are of use.

    Raises
    ------
    InputError
        There is neither a folder nor photographs.
    """

    folder: Path | None
    photographs: tuple[Source, ...] = ()
    synthesis: Synthesis = field(default_factory=Synthesis)
    loaders: int | None = None

    def __post_init__(self) -> None:
        if self.folder is None and not self.photographs:
            raise InputError("a training needs --data, a set in DPDD's layout, or --photographs to render scenes from")

    def patches(self, settings: Settings) -> Patches:
        """Where batches come from.

        Raises
        ------
        InputError
            The set is not whole, or a photograph too small.
        """
        recipe, augmentation = settings.recipe, settings.augmentation
        if self.photographs:
            synthesis = replace(self.synthesis, bits=settings.variant.bits)
            return RenderedPatches(list(self.photographs), synthesis, augmentation, recipe.batch, recipe.seed)
        assert self.folder is not None
        scenes = DualPixelFolder.open(self.folder)
        check_depth(scenes, settings.variant)
        return FolderPatches(scenes, augmentation, recipe.batch, recipe.seed, in_memory=not self.loaders)

    @property
    def validation(self) -> DualPixelFolder | None:
        """The split that validates, if there is one."""
        if self.folder is None or not (self.folder / "val_c").is_dir():
            return None
        return DualPixelFolder.open(self.folder, "val")

    @property
    def words(self) -> dict[str, str | float]:
        """What a run must not be continued with another value of; nothing for a folder."""
        if not self.photographs:
            return {}
        rendered = asdict(self.synthesis)
        kept = ("largest_radius", "sharp_share", "smallest_scale", "leaves_share", "electrons")
        return {f"rendered_{name}": rendered[name] or 0.0 for name in kept} | {"photographs": len(self.photographs)}


class Validation:
    """Mean PSNR and LPIPS over the validation split, if there is one.

    Keeps the averaged weights, the latest and those of the highest PSNR, as safetensors, and pictures of the first
    scenes: defocused image, output and all-in-focus image of each in a row of ``samples.png``.

    Parameters
    ----------
    scenes
        What is validated on; None keeps the averaged weights alone.
    folder
        The run's own.
    data
        What the training card says of the data.

    Raises
    ------
    InputError
        LPIPS's weights cannot be had.
    """

    def __init__(
        self,
        scenes: DualPixelFolder | None,
        folder: Path,
        settings: Settings,
        device: torch.device,
        data: Mapping[str, str | float] = MappingProxyType({}),
    ) -> None:
        self.scenes, self.folder, self.settings, self.device, self.data = scenes, folder, settings, device, data
        self.metrics: dict[str, Metric] = {} if scenes is None else {"psnr": PSNR(), "lpips": LPIPS()}
        self.best = _best_so_far(folder)

    def __call__(self, module: nn.Module, step: int) -> Mapping[str, float]:
        """Figures for the log: of the outputs, and with the ending ``_input`` of the defocused images."""
        network = cast(TrainedIFAN, module).network
        figures = {} if self.scenes is None else self._scored(network, self.scenes)
        names = ["averaged.safetensors"]
        if figures and figures["psnr"] > self.best:
            self.best = figures["psnr"]
            names.append("best.safetensors")
        card = training_card(self.settings, step) | dict(self.data)
        for name in names:
            save_weights(
                self.folder / name, network, self.settings.variant, "unlabelled", card | {"validation": figures}
            )
        return figures

    def _scored(self, network: IFAN, scenes: DualPixelFolder) -> dict[str, float]:
        network.eval()
        scored, samples = [], []
        for index in range(len(scenes)):
            image, output, target = self._images(network, scenes.load(index))
            scored.append(
                {name: metric(output, target) for name, metric in self.metrics.items()}
                | {f"{name}_input": metric(image, target) for name, metric in self.metrics.items()}
            )
            if index < SAMPLES:
                samples.append(torch.cat([_centre(one) for one in (image, output, target)], dim=2))
        network.train()
        write_pixels(self.folder / "samples.png", pixels_from_image(torch.cat(samples, dim=1), 8))
        return {name: fmean(scene[name] for scene in scored) for name in scored[0]}

    def _images(self, network: IFAN, scene: Mapping[str, np.ndarray]) -> tuple[Tensor, Tensor, Tensor]:
        """Defocused image, output and all-in-focus image of a scene, float (3, H, W) on the CPU."""
        views = {name: image_from_pixels(pixels).to(self.device) for name, pixels in scene.items()}
        height, width = (side - side % SIZE_MULTIPLE for side in views["image"].shape[-2:])
        views = {name: image[:, :height, :width] for name, image in views.items()}
        both = torch.cat([views["right"], views["left"]])[None] if network.shape.dual else None
        output = network(views["image"][None], both)[0].clamp(0, 1)
        return views["image"].cpu(), output.cpu(), views["target"].cpu()


def _best_so_far(folder: Path) -> float:
    """The highest PSNR of the run in a folder, dB; minus infinity for a run that has yet to begin."""
    best = folder / "best.safetensors"
    if not (folder / "last.pt").exists() or not best.exists():
        return float("-inf")
    return float(read_card(best)["validation"]["psnr"])


def _centre(image: Tensor) -> Tensor:
    height, width = image.shape[-2:]
    top, left = max(0, height - SAMPLE_SIDE) // 2, max(0, width - SAMPLE_SIDE) // 2
    return functional.pad(
        image[:, top : top + SAMPLE_SIDE, left : left + SAMPLE_SIDE],
        (0, max(0, SAMPLE_SIDE - width), 0, max(0, SAMPLE_SIDE - height)),
    )


def train(
    data: Path | Data,
    folder: Path,
    settings: Settings,
    *,
    start: Path | None = None,
    accelerator: str = "cpu",
    devices: int = 1,
    nodes: int = 1,
    save_every: int = 500,
    validate_every: int = 1000,
) -> Trainer:
    """Make a training run ready, taken up where it was left if the folder holds one.

    Parameters
    ----------
    data
        A set in DPDD's layout, with a ``val`` split if there is one; or see `Data`.
    folder
        The run's own folder.
    accelerator, devices, nodes
        ``cpu`` or ``cuda``, how many processes or GPUs on each machine, and how many machines.
    start
        Weights to begin with instead of random ones. A single-image network can start a dual-pixel one: both
        views get half of the first layer each.

    Raises
    ------
    InputError
        The data is not whole, or the folder holds a run with other settings.
    """
    if settings.augmentation.crop % SIZE_MULTIPLE:
        raise InputError(
            f"patches of {settings.augmentation.crop} px cannot be halved three times; --crop divides by 8"
        )
    fabric = _fabric(settings, accelerator, devices, nodes)
    fabric.launch()
    torch.manual_seed(settings.recipe.seed)
    shape = settings.variant.shape
    network = IFAN(shape)
    wanted = settings.variant.reblurring and settings.reblurring_width
    reblurring = ReblurringNetwork(shape, settings.reblurring_width) if wanted else None
    if settings.initialisation == "variance-preserving":
        if shape.deblurring != "iac" or not shape.disparity:
            raise InputError(f"{settings.variant.name} has no variance-preserving start; give --initialisation paper")
        preserve_variance(network)
    module = TrainedIFAN(
        network if start is None else started_from(start, settings.variant),
        reblurring,
        loss=settings.loss,
    )
    given = data if isinstance(data, Data) else Data(data)
    patches, scenes = given.patches(settings), given.validation
    loaders = loaders_of_use(patches, devices) if given.loaders is None else given.loaders
    validation = Validation(scenes, folder, settings, fabric.device, given.words)
    trainer = Trainer(
        module, Ahead(patches, loaders) if loaders else patches, settings.recipe, folder,
        fabric=fabric, validate=validation, save_every=save_every, validate_every=validate_every,
        settings=_settings_of_the_run(settings) | given.words,
    )  # fmt: skip
    trainer.resume()
    return trainer


def loaders_of_use(patches: Patches, devices: int) -> int:
    """How many processes should make batches ready: none where they cost nothing, else a core each, eight at most."""
    return 0 if patches.ready else max(1, min(MOST_LOADERS, (os.cpu_count() or 1) // devices))


def _fabric(settings: Settings, accelerator: str, devices: int, nodes: int) -> Fabric:
    if settings.recipe.batch % (devices * nodes):
        raise InputError(
            f"a batch of {settings.recipe.batch} cannot be shared equally by {devices * nodes} processes; "
            "give a multiple of it as --batch"
        )
    # Of float32 on a GPU: 32-true is what the word says, tf32 is faster and rounds the factors to 10 bits.
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = settings.precision == "tf32"
    precision = "32-true" if settings.precision == "tf32" else settings.precision
    try:
        return Fabric(accelerator=accelerator, devices=devices, num_nodes=nodes, precision=cast(Any, precision))
    except (RuntimeError, ValueError, MisconfigurationException) as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(f"{devices} devices of kind {accelerator} cannot be used here: {reason}") from error


def _settings_of_the_run(settings: Settings) -> dict[str, str | float]:
    """What a run must not be continued with another value of, beside its recipe."""
    return asdict(settings.augmentation) | {
        "variant": settings.variant.name,
        "reblurring_width": settings.reblurring_width,
        "precision": settings.precision,
        "loss": settings.loss,
    }


def check_depth(scenes: DualPixelFolder, variant: Variant) -> None:
    """Refuse 8-bit images for a variant that is trained on 16 bits.

    Raises
    ------
    InputError
        They are of the wrong depth.
    """
    bits = read_header(scenes.files[0]["image"]).bits
    if variant.bits > bits:
        raise InputError(
            f"{variant.name} is trained on {variant.bits}-bit images, and {scenes.files[0]['image']} has {bits} bits; "
            "give 16-bit images, or train ifan"
        )


def started_from(path: Path, variant: Variant) -> IFAN:
    """A trainable network with weights from a file, single-image ones widened for a dual-pixel variant.

    Raises
    ------
    InputError
        The file holds another network.
    """
    weights = read_weights(path)
    if variant.shape.dual and not weights.shape.dual:
        first = weights.state["kconv1_1.0.weight"]
        weights.state["kconv1_1.0.weight"] = torch.cat([first, first], dim=1) / 2
        weights = replace(weights, shape=variant.shape)
    if weights.shape != variant.shape:
        raise InputError(f"{path} cannot start {variant.name}: it holds a network with {describe(weights.shape)}")
    return load_network(variant, weights).train().requires_grad_(True)


def training_card(settings: Settings, step: int) -> dict[str, Any]:
    """How the weights came about, for the header of their file."""
    return {
        "variant": settings.variant.name,
        "steps": step,
        "recipe": asdict(settings.recipe),
        "augmentation": asdict(settings.augmentation),
        "reblurring_width": settings.reblurring_width,
        "precision": settings.precision,
        "initialisation": settings.initialisation,
        "loss": settings.loss,
    }
