"""The method `jnb`: estimate blur from the number of dictionary atoms that a patch needs.

The dictionary is learned from blurred patches, so a sharp patch needs more atoms than a blurred one.
"""

from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load
from torch import Tensor

from baselines.map_based.cards import JNB_CARD
from baselines.map_based.method import MapBasedMethod, eight_bit
from baselines.map_based.propagation import propagate
from benchmark.method import Image
from realdof.alignment.detail import noise_level

PATCH = 8
"""Side of a patch in pixels, as in the paper."""

TOLERANCE = 0.05
"""Largest norm of the residual of a patch of norm 1."""

MOST_ATOMS = 24
"""Largest number of atoms; sharper patches are not distinguished."""

LEAST_CONTRAST = 0.05
"""Smallest root mean square, without the mean, of a patch that is used."""

# A patch's root mean square must also be this many times the noise, so that noise stays below the tolerance.
_ABOVE_NOISE = 25.0

_STRIDE = 4
_BATCH = 2**14

_LARGEST = 4.0
"""The method's maps are sigma / 4 (Lee et al., CVPR 2021: sigma is 4 s)."""


class Dictionary(NamedTuple):
    """A dictionary of patches and its calibration.

    Parameters
    ----------
    atoms
        float32 (K, 64), norm 1, mean 0.
    counts, sigmas
        Mean number of atoms that patches of a known blur need, float32 (N,), rising; and that blur in pixels, float32
        (N,), falling.
    """

    atoms: Tensor
    counts: Tensor
    sigmas: Tensor


@cache
def shipped_dictionary() -> Dictionary:
    """Return the package's dictionary; ``jnb_dictionary.json`` beside it says how it was learned."""
    return Dictionary(**load((files("baselines") / "pretrained" / "jnb_dictionary.safetensors").read_bytes()))


def patches_of(grey: Tensor, stride: int, contrast: float) -> tuple[Tensor, Tensor, Tensor]:
    """Cut out the patches with enough contrast; subtract their means and scale them to norm 1.

    Parameters
    ----------
    grey
        float32 (H, W).
    stride
        Distance between patches, in pixels.
    contrast
        Smallest root mean square of a patch without its mean.

    Returns
    -------
    patches
        float32 (N, 64).
    kept
        Which patches of the grid these are, bool (rows, columns).
    energy
        Their mean squares, float32 (N,).
    """
    grid = grey.unfold(0, PATCH, stride).unfold(1, PATCH, stride).flatten(2)
    grid = grid - grid.mean(-1, keepdim=True)
    energy = grid.square().mean(-1)
    kept = energy > contrast**2
    chosen = grid[kept]
    return chosen / chosen.norm(dim=-1, keepdim=True), kept, energy[kept]


def atoms_needed(patches: Tensor, atoms: Tensor) -> Tensor:
    """Count the atoms that orthogonal matching pursuit needs to reach the tolerance for each patch.

    Parameters
    ----------
    patches
        float32 (N, 64), norm 1.
    atoms
        float32 (K, 64), norm 1.

    Returns
    -------
    Tensor
        float32 (N,), from 1 to ``MOST_ATOMS``.
    """
    return torch.cat([_pursue(batch, atoms) for batch in patches.split(_BATCH)])


def _pursue(patches: Tensor, atoms: Tensor) -> Tensor:
    counts = patches.new_full((len(patches),), MOST_ATOMS)
    open_ = torch.arange(len(patches), device=patches.device)
    rest = patches
    # Orthonormal basis of the atoms chosen so far: projecting on it solves the least-squares problem.
    basis = patches.new_zeros(len(patches), MOST_ATOMS, patches.shape[1])
    for taken in range(MOST_ATOMS):
        atom = atoms[(rest @ atoms.T).abs().argmax(1)]
        known = basis[:, :taken]
        atom = atom - torch.einsum("nkp,nk->np", known, torch.einsum("nkp,np->nk", known, atom))
        atom = atom / atom.norm(dim=1, keepdim=True).clamp(min=1e-6)
        rest = rest - (rest * atom).sum(1, keepdim=True) * atom
        near = rest.norm(dim=1) <= TOLERANCE
        counts[open_[near]] = taken + 1
        basis[:, taken] = atom
        open_, rest, basis = open_[~near], rest[~near], basis[~near]
    return counts


def estimate_sigma(image: Image) -> NDArray[np.float32]:
    """Estimate the standard deviation of the Gaussian blur at every pixel.

    Parameters
    ----------
    image
        float32 (3, H, W), RGB, sRGB-encoded, [0, 1].

    Returns
    -------
    ndarray
        sigma in pixels, float32 (H, W); zero everywhere if no patch has contrast.

    References
    ----------
    Shi, Xu and Jia, "Just Noticeable Defocus Blur Detection and Estimation", CVPR 2015: patches of 8x8 pixels, a
    dictionary learned from blurred patches, the number of atoms as the feature, edge-preserving smoothing. Our changes:
    pursuit to a tolerance instead of an l1 penalty, the table from number to sigma, and the smoothing (``propagate``,
    from the patches with contrast).
    """
    dictionary = Dictionary(*(tensor.to(image.device) for tensor in shipped_dictionary()))
    grey = image.mean(0)
    guide: NDArray[np.float32] = grey.cpu().numpy()
    contrast = max(LEAST_CONTRAST, _ABOVE_NOISE * noise_level(guide))
    patches, kept, energy = patches_of(grey, _STRIDE, contrast)
    if not len(patches):
        return np.zeros_like(guide)
    counts = atoms_needed(patches, dictionary.atoms).cpu().numpy()
    values, confidence = np.zeros_like(guide), np.zeros_like(guide)
    rows, columns = (place.cpu().numpy() * _STRIDE + PATCH // 2 for place in kept.nonzero(as_tuple=True))
    values[rows, columns] = np.interp(counts, dictionary.counts.cpu().numpy(), dictionary.sigmas.cpu().numpy())
    confidence[rows, columns] = energy.cpu().numpy()
    return propagate(confidence, values, guide)


class JNB(MapBasedMethod):
    """The method JNB: count the atoms that patches need, convert counts to blur, spread it, deconvolve."""

    card = JNB_CARD

    def sigma_map(self, image: Image) -> Tensor:
        """Estimate sigma, rounded to 8 bits as in the authors' evaluation; see ``MapBasedMethod.sigma_map``."""
        return _LARGEST * eight_bit(torch.from_numpy(estimate_sigma(image)).to(image.device) / _LARGEST)
