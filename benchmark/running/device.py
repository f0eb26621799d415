"""Whether a device that a user named can be used."""

import torch

from realdof.common.errors import InputError


def check_device(device: str) -> None:
    """Try a device.

    Parameters
    ----------
    device
        In torch's words: ``cpu``, ``cuda``, ``cuda:1`` ...

    Raises
    ------
    InputError
        torch does not know the device, or cannot use it here.
    """
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(f"device {device} cannot be used here: {reason}") from error
