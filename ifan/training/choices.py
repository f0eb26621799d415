"""Allowed values of the options of `ifan train`, readable without torch."""

from typing import Literal

DeblurringLoss = Literal["mse", "rms", "log", "detail", "mixed"]
"""The names of `ifan.training.losses.DEBLURRING_LOSSES`."""
Initialisation = Literal["paper", "variance-preserving"]
"""Initialisation of a training's weights."""
