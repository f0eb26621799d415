"""The recipe ``synthetic``: the whole training that the shipped weights come from, for a CPU or a GPU."""

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
"""Of each band of blur radii, and their side in pixels."""


@dataclass(frozen=True)
class Plan:
    """The recipe's settings on a machine.

    Parameters
    ----------
    accelerator, precision
        What trains, and in which numbers: ``bfloat16`` is for the network, images and losses are float32.
    batch, crop
        Patches a step, and their side in pixels.
    steps, seconds
        When the training ends, whichever comes first; no limit of time for None.
    learning_rate, warmup
        The highest rate, and over how many steps it rises; then it falls along a cosine to zero.
    tiles, leaves
        Tiles of photographs that are kept on the device, and tiles of shapes beside them.
    channels_last, compiled
        How the network lies in memory, and whether `torch.compile` makes kernels for its training step.
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
        """For the shared loop."""
        return Recipe(
            steps=self.steps, batch=self.batch, learning_rate=self.learning_rate, schedule="cosine",
            warmup=self.warmup, ema=self.ema, seconds=self.seconds,
        )  # fmt: skip


CPU = Plan(
    "cpu", "float32", batch=2, crop=128, steps=5000, seconds=None, learning_rate=2e-4, warmup=50, ema=0.999,
    tiles=1500, leaves=100, channels_last=False, compiled=False,
)  # fmt: skip
"""Two to three hours of one core or two."""
CUDA = Plan(
    "cuda", "bfloat16", batch=32, crop=128, steps=20_000, seconds=400.0, learning_rate=3e-4, warmup=100, ema=0.998,
    tiles=6000, leaves=400, channels_last=True, compiled=False,
)  # fmt: skip
"""Less than ten minutes of a data centre's GPU."""
KEEPING_STEPS, KEEPING_RATE, KEPT = 98, 5e-5, 0.25
"""Steps, learning rate, and share of kept patches of the stage that ends the training of ``ifan-dual``."""
PLANS: Mapping[str, Plan] = {"cpu": CPU, "cuda": CUDA}
"""By accelerator."""


def keeping_stage(plan: Plan) -> Plan:
    """The last stage of ``ifan-dual``: it learns to leave blur without disparity, which the truth has too.

    It is short and gentle whatever the plan is, and in float32 with two patches a step also on a GPU.
    """
    return replace(
        plan, batch=2, steps=KEEPING_STEPS, seconds=None, learning_rate=KEEPING_RATE, warmup=0, ema=0.95,
        precision="float32", compiled=False, kept=KEPT,
    )  # fmt: skip


def read_sources(folder: Path, plan: Plan, device: torch.device) -> Sources:
    """Read a folder with ``photos``, sharp photographs, and maybe ``rgbd``, scenes with depth; or photographs alone.

    Raises
    ------
    InputError
        There are no photographs, something cannot be read, or a patch does not fit into a tile.
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
    """Patches to validate on, of sources that are kept apart in a folder like that of `read_sources`."""
    # Always rendered on the CPU, where figures of different machines stay comparable.
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
    """Make the training ready, taken up where it was left if the folder holds one.

    Parameters
    ----------
    start
        Weights to begin with; the variant's ``synthetic`` ones if not given.
    card
        What the weights' header says beside the recipe: the sources, their authors and licences.

    Raises
    ------
    InputError
        The variant has no synthetic weights and no others are given, or the folder holds another run.
    """
    keep_blocks()
    torch.manual_seed(seed)
    # Fabric's own mixed precision would round the images, and with them the truth, to 8 bits of mantissa.
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
    """The averaged network of a training as it stands."""
    module = trainer.averaged.module
    assert isinstance(module, TrainedIFAN)
    return module.network
