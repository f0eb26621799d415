"""The words that a training's options may be; a command line lists them without importing torch."""

from typing import Literal

Schedule = Literal["step", "cosine"]
"""How the learning rate falls: halved at milestones, or along a cosine to zero."""
Accelerator = Literal["cpu", "cuda"]
"""What trains."""
Precision = Literal["32-true", "tf32", "bf16-mixed"]
"""Of the forward and backward pass, in Lightning Fabric's words, and ``tf32``; the weights stay in float32."""
