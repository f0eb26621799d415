"""Allowed values of a training's options, readable without torch."""

from typing import Literal

Schedule = Literal["step", "cosine"]
"""Learning-rate schedule: halved at milestones, or a cosine to zero."""
Accelerator = Literal["cpu", "cuda", "mps"]
"""Kind of device that trains."""
DeviceWord = Literal["auto", "cpu", "cuda", "mps"]
"""Kind of device on the command line; ``auto`` is a GPU if there is one."""
Precision = Literal["float32", "tf32", "bfloat16"]
"""Precision of the forward and backward pass; the weights stay in float32. ``tf32`` is float32 whose factors the GPU
rounds in products. float16 is not offered, because its gradients would need scaling."""
