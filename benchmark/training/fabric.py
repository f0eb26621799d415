"""Device, processes and precision of a training, as a Lightning Fabric."""

from dataclasses import dataclass
from typing import Any, cast

import torch
from lightning_fabric import Fabric
from lightning_fabric.utilities.exceptions import MisconfigurationException

from benchmark.training.choices import Accelerator, Precision
from realdof.common.errors import InputError
from realdof.common.machine.memory import keep_blocks


@dataclass(frozen=True)
class Hardware:
    """The hardware of a training.

    Parameters
    ----------
    accelerator
        Kind of device.
    devices
        Number of GPUs, or of processes on CPUs, of each machine.
    nodes
        Number of machines.
    precision
        Precision of the forward and backward pass.
    """

    accelerator: Accelerator = "cpu"
    devices: int = 1
    nodes: int = 1
    precision: Precision = "float32"

    def launch(self, batch: int, seed: int) -> Fabric:
        """Start the processes and seed torch in each.

        Parameters
        ----------
        batch
            Samples in one iteration, which are divided equally among the processes.

        Raises
        ------
        InputError
            The batch cannot be divided equally, or the devices are not available.
        """
        keep_blocks()
        processes = self.devices * self.nodes
        if batch % processes:
            raise InputError(
                f"a batch of {batch} cannot be shared equally by {processes} processes; give a multiple of it as "
                "--batch"
            )
        # For float32 the GPU must not use tf32, which is faster but rounds the factors to 10 bits.
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = self.precision == "tf32"
        precision = "bf16-mixed" if self.precision == "bfloat16" else "32-true"
        try:
            fabric = Fabric(
                accelerator=self.accelerator,
                devices=self.devices,
                num_nodes=self.nodes,
                precision=cast(Any, precision),
            )
        except (RuntimeError, ValueError, MisconfigurationException) as error:
            reason = str(error).strip().splitlines()[0]
            raise InputError(
                f"{self.devices} devices of kind {self.accelerator} cannot be used here: {reason}"
            ) from error
        fabric.launch()
        torch.manual_seed(seed)
        return fabric
