"""The words that options of `ifan train` may be, kept apart so that a command line can list them without torch."""

from typing import Literal

DeblurringLoss = Literal["mse", "rms", "log", "detail"]
"""The names of `ifan.training.losses.DEBLURRING_LOSSES`."""
Initialisation = Literal["paper", "variance-preserving"]
"""How a training's weights begin."""
