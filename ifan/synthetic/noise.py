"""Random fields that depend only on a key, so that every device draws the same values."""

import math

import torch
from torch import Tensor

_MASK = 0xFFFFFFFF


def uniform(shape: tuple[int, ...], key: int, device: torch.device) -> Tensor:
    """Return uniform numbers in (0, 1), float32 of ``shape``: a hash of the key and each element's index.

    The hash is the 32-bit PCG permutation (Jarzynski, Olano, "Hash Functions for GPU Rendering", JCGT 2020).
    """
    place = torch.arange(math.prod(shape), device=device, dtype=torch.int64)
    # A float32 can hold 24 bits between 0 and 1.
    bits = _hash(place ^ _hash_of_key(key)) >> 8
    return ((bits.to(torch.float32) + 0.5) / 2**24).view(shape)


def normal(shape: tuple[int, ...], key: int, device: torch.device) -> Tensor:
    """Return standard normal numbers, float32 of ``shape`` (Box-Muller transform of `uniform`)."""
    radius = torch.sqrt(-2 * torch.log(uniform(shape, 2 * key, device)))
    return radius * torch.cos(2 * math.pi * uniform(shape, 2 * key + 1, device))


def _hash(value: Tensor) -> Tensor:
    state = (value * 747796405 + 2891336453) & _MASK
    word = (((state >> ((state >> 28) + 4)) ^ state) * 277803737) & _MASK
    return (word >> 22) ^ word


def _hash_of_key(key: int) -> int:
    # Both halves are hashed, so that keys of more than 32 bits differ too.
    return _hash_of_int(_hash_of_int(key & _MASK) ^ ((key >> 32) & _MASK))


def _hash_of_int(value: int) -> int:
    return int(_hash(torch.tensor(value)))
