"""Learn the dictionary of `jnb` (needs scikit-learn).

python -m baselines.map_based.jnb_training jnb_dictionary.safetensors
"""

import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from skimage import data
from sklearn.decomposition import MiniBatchDictionaryLearning

from baselines.map_based.jnb import LEAST_CONTRAST, PATCH, TOLERANCE, Dictionary, atoms_needed, patches_of
from realdof.common.files import atomic_path, sha256_of, write_json

PHOTOGRAPHS: dict[str, Callable[[], NDArray[np.uint8]]] = {
    "brick": data.brick,
    "camera": data.camera,
    "coins": data.coins,
    "grass": data.grass,
    "gravel": data.gravel,
    "moon": data.moon,
}
"""scikit-image's photographs; none of them is in the data set `sample`."""

CALIBRATION = ("camera", "coins")
"""Photographs with which the number of atoms is calibrated. Their patches are mostly edges, which need fewer atoms
than textures at every blur. An overestimated blur ruins an image; an underestimated one does no harm."""

ATOMS = 64
PENALTY = 0.1
LEARNED_AT = 2.0
"""Gaussian blur in px of the patches from which the dictionary is learned; such patches then need few atoms."""
SIGMAS = (0.0, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0)
PATCHES_EACH = 4000
LEARNING_CONTRAST = 0.02
SEED = 0


def blurred_patches(name: str, sigma: float, contrast: float) -> torch.Tensor:
    """Return patches of a photograph that is halved in size, to be sharp at the pixel, then blurred, in 8 bits."""
    half = cv2.resize(PHOTOGRAPHS[name]().astype(np.float32), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(half, (0, 0), sigma, borderType=cv2.BORDER_REFLECT) if sigma > 0 else half
    patches = patches_of(torch.from_numpy(np.round(blurred) / np.float32(255)), 2, contrast)[0]
    generator = torch.Generator().manual_seed(SEED)
    return patches[torch.randperm(len(patches), generator=generator)[:PATCHES_EACH]]


def learn_atoms() -> torch.Tensor:
    """Learn the atoms, float32 (K, 64), norm 1."""
    patches = torch.cat([blurred_patches(name, LEARNED_AT, LEARNING_CONTRAST) for name in PHOTOGRAPHS])
    learner = MiniBatchDictionaryLearning(ATOMS, alpha=PENALTY, batch_size=512, max_iter=10, random_state=SEED)
    atoms = torch.from_numpy(learner.fit(patches.numpy()).components_.astype(np.float32))
    return atoms / atoms.norm(dim=1, keepdim=True)


def calibrated(atoms: torch.Tensor) -> Dictionary:
    """Return the atoms with the mean number of atoms that patches of each blur need."""
    counts = [
        torch.stack(
            [atoms_needed(blurred_patches(name, sigma, LEAST_CONTRAST), atoms).mean() for name in CALIBRATION]
        ).mean()
        for sigma in SIGMAS
    ]
    # More blur never needs more atoms; where the count stops falling, the smallest blur represents the larger ones.
    falling = torch.cummin(torch.stack(counts), 0).values
    strictly = torch.cat([torch.tensor([True]), falling[1:] < falling[:-1]])
    return Dictionary(atoms, falling[strictly].flip(0), torch.tensor(SIGMAS)[strictly].flip(0))


def main() -> None:
    """Write the dictionary and its card."""
    path = Path(sys.argv[1])
    dictionary = calibrated(learn_atoms())
    with atomic_path(path) as temporary:
        save_file({name: tensor.contiguous() for name, tensor in dictionary._asdict().items()}, temporary)
    card = {
        "what": "dictionary of 8x8 patches for the method jnb, with the number of its atoms that each blur needs",
        "photographs": {name: f"scikit-image {name}, half size" for name in PHOTOGRAPHS},
        "licence": "Apache-2.0; it holds no photograph, and those learned from are scikit-image's, free to use",
        "counted_on": list(CALIBRATION),
        "blur_learned_from_px": LEARNED_AT,
        "atoms": ATOMS,
        "patch_px": PATCH,
        "penalty": PENALTY,
        "tolerance": TOLERANCE,
        "patches": PATCHES_EACH * len(PHOTOGRAPHS),
        "seed": SEED,
        "mean_atoms_by_sigma_px": {
            f"{float(sigma):g}": round(float(count), 2)
            for sigma, count in zip(dictionary.sigmas.flip(0), dictionary.counts.flip(0), strict=True)
        },
        "sha256": sha256_of(path),
        "made_by": "python -m baselines.map_based.jnb_training",
    }
    write_json(path.with_suffix(".json"), card)


if __name__ == "__main__":
    main()
