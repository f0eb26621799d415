"""Allowed values of a training's options, readable without torch."""

from typing import Literal

Schedule = Literal["step", "cosine"]
"""How the learning rate falls: halved at milestones, or along a cosine to zero."""
Accelerator = Literal["cpu", "cuda", "mps"]
"""What trains."""
DeviceWord = Literal["auto", "cpu", "cuda", "mps"]
"""What trains, on the command line."""
Precision = Literal["float32", "tf32", "bfloat16"]
"""Of the forward and backward pass; the weights stay in float32. ``tf32`` is float32 whose products a GPU rounds.
There is no float16: its gradients would have to be scaled."""
