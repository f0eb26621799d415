"""The recipe ``synthetic``: the complete training of the shipped weights, on a CPU or a GPU."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import torch
from lightning_fabric import Fabric

from benchmark.training.choices import Accelerator
from benchmark.training.loop import Trainer
from benchmark.training.recipe import Recipe
from ifan.network import IFAN
from ifan.synthetic.given_depth import read_depth_scenes
from ifan.synthetic.patches import MARGIN, PatchStyle, Sources, SyntheticPatches
from ifan.synthetic.photographs import TILE, read_bank
from ifan.synthetic.softness import SoftSources
from ifan.synthetic.validation import Group, GroupValidation, rendered_groups
from ifan.training.choices import DeblurringLoss
from ifan.training.loop import started_from
from ifan.training.losses import TrainedIFAN
from ifan.variants import Variant
from realdof.common.errors import InputError
from realdof.common.files import sha256_of
from realdof.common.machine.memory import keep_blocks

VALIDATION_TILES = 400
VALIDATION_PATCHES, VALIDATION_CROP = 12, 192
"""Number of patches in each band of blur radii, and their side in px."""


@dataclass(frozen=True)
class Plan:
    """The recipe's settings for one kind of machine.

    Parameters
    ----------
    accelerator, precision
        Device and precision; ``bfloat16`` applies to the network, while images and losses stay float32.
    batch, crop
        Patches per step, and their side in px.
    steps, seconds
        The training ends at the first of these limits; None means no time limit.
    learning_rate, warmup
        Highest learning rate, and the number of steps over which it rises; then it falls to zero along a cosine.
    tiles, leaves
        Number of tiles of photographs on the device, and of additional tiles of shapes.
    channels_last, compiled
        Whether the network uses the memory format ``channels_last``, and whether `torch.compile` compiles it.
    loss
        One of `ifan.training.losses.DEBLURRING_LOSSES`.
    lpips
        Weight of LPIPS as a further term of the loss.
    kept
        Share of the patches whose defocused image is also their truth: see `ifan.synthetic.patches.PatchStyle`.
    soft
        Share of the scenes that are soft themselves: see `ifan.synthetic.softness.SoftSources`.
    """

    accelerator: Accelerator
    precision: Literal["float32", "bfloat16"]
    batch: int
    crop: int
    steps: int
    seconds: float | None
    learning_rate: float
    warmup: int
    ema: float
    tiles: int
    leaves: int
    channels_last: bool
    compiled: bool
    loss: DeblurringLoss = "detail"
    lpips: float = 0.01
    kept: float = 0.0
    soft: float = 0.0

    @property
    def recipe(self) -> Recipe:
        """The plan's recipe for the shared training loop."""
        return Recipe(
            steps=self.steps, batch=self.batch, learning_rate=self.learning_rate, schedule="cosine",
            warmup=self.warmup, ema=self.ema, seconds=self.seconds,
        )  # fmt: skip


CPU = Plan(
    "cpu", "float32", batch=2, crop=128, steps=5000, seconds=None, learning_rate=2e-4, warmup=50, ema=0.999,
    tiles=1500, leaves=100, channels_last=False, compiled=False,
)  # fmt: skip
"""Plan for a CPU: two to three hours on one or two cores."""
CUDA = Plan(
    "cuda", "bfloat16", batch=32, crop=128, steps=20_000, seconds=400.0, learning_rate=3e-4, warmup=100, ema=0.998,
    tiles=6000, leaves=400, channels_last=True, compiled=False,
)  # fmt: skip
"""Plan for a GPU: less than ten minutes on a data-centre GPU."""
KEEPING_STEPS, KEEPING_RATE, KEPT = 98, 5e-5, 0.25
"""Steps, learning rate, and share of kept patches in the last stage of the training of ``ifan-dual``."""
PLANS: Mapping[str, Plan] = {"cpu": CPU, "cuda": CUDA}
"""Plans by accelerator."""


def keeping_stage(plan: Plan) -> Plan:
    """Return the plan of the last stage of ``ifan-dual``, which learns to keep blur without disparity.

    Such blur is part of the truth. The stage is short, with a low learning rate, in float32 and with two patches per
    step, whatever the plan.
    """
    return replace(
        plan, batch=2, steps=KEEPING_STEPS, seconds=None, learning_rate=KEEPING_RATE, warmup=0, ema=0.95,
        precision="float32", compiled=False, kept=KEPT,
    )  # fmt: skip


def read_sources(folder: Path, plan: Plan, device: torch.device) -> Sources:
    """Read sharp photographs from ``photos`` and optional scenes with depth from ``rgbd``; or a folder of photographs.

    Raises
    ------
    InputError
        There are no photographs, a file cannot be read, or a patch does not fit into a tile.
    """
    if plan.crop + 2 * MARGIN > TILE or plan.crop % 16:
        raise InputError(
            f"this recipe cannot render patches of {plan.crop} px; --crop is a multiple of 16, "
            f"at most {TILE - 2 * MARGIN}"
        )
    photographs = folder / "photos" if (folder / "photos").is_dir() else folder
    bank = read_bank(photographs, device, most=plan.tiles, leaves=plan.leaves)
    scenes = folder / "rgbd"
    return Sources(bank, read_depth_scenes(scenes, device) if scenes.is_dir() else None)


def validation_groups(folder: Path, plan: Plan) -> dict[str, Group]:
    """Render validation patches from separate sources, in a folder like that of `read_sources`."""
    # Always rendered on the CPU, so that the figures of different machines are comparable.
    kept_apart = read_sources(folder, replace(plan, tiles=VALIDATION_TILES, leaves=0), torch.device("cpu"))
    return rendered_groups(kept_apart, VALIDATION_PATCHES, VALIDATION_CROP)


def prepare(
    variant: Variant,
    folder: Path,
    plan: Plan,
    sources: Sources,
    groups: Mapping[str, Group],
    *,
    start: Path | None = None,
    seed: int = 0,
    save_every: int = 200,
    validate_every: int = 1000,
    card: Mapping[str, Any] | None = None,
) -> Trainer:
    """Prepare a training; if the folder holds one, it continues where it stopped.

    Parameters
    ----------
    start
        Initial weights; the variant's ``synthetic`` weights if not given.
    card
        Further entries of the training card: the sources, their authors and licences.

    Raises
    ------
    InputError
        The variant has no synthetic weights and none are given, or the folder holds another run.
    """
    keep_blocks()
    torch.manual_seed(seed)
    # Fabric's own mixed precision would round images and truth to 8 bits of mantissa.
    fabric = Fabric(accelerator=plan.accelerator, devices=1, precision="32-true")
    start = variant.sets.find("synthetic") if start is None else start
    network = started_from(start, variant)
    module = TrainedIFAN(
        network, None, loss=plan.loss, half_precision=plan.precision == "bfloat16", perceptual=plan.lpips
    )
    torch.backends.cudnn.benchmark = plan.accelerator == "cuda"
    if plan.channels_last:
        module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if plan.compiled:
        module.compile()
    style = PatchStyle(crop=plan.crop, kept=plan.kept, soft_sources=SoftSources(share=plan.soft))
    recipe = replace(plan.recipe, seed=seed)
    about = {"variant": variant.name, "recipe": recipe.described(), "patches": asdict(style),
             "precision": plan.precision, "loss": plan.loss, "lpips": plan.lpips, "tiles": len(sources.bank.tiles),
             **(card or {})}  # fmt: skip
    validation = GroupValidation(groups, folder, variant, lambda step: {"steps": step} | about)
    trainer = Trainer(
        module, SyntheticPatches(sources, style, plan.batch, seed), recipe, folder,
        fabric=fabric, validate=validation, save_every=save_every, validate_every=validate_every,
        settings={"variant": variant.name, "recipe_name": "synthetic", "crop": plan.crop, "loss": plan.loss,
                  "lpips": plan.lpips, "kept": plan.kept, "soft": plan.soft, "precision": plan.precision,
                  "tiles": len(sources.bank.tiles), "start": sha256_of(start)},
    )  # fmt: skip
    trainer.resume()
    return trainer


def averaged_network(trainer: Trainer) -> IFAN:
    """Return the current averaged network of a training."""
    module = trainer.averaged.module
    assert isinstance(module, TrainedIFAN)
    return module.network
