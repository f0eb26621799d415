"""JNB: sharp patches need more atoms, the map ranks blur as it is, the shipped dictionary is what its card says."""

import hashlib
import json
from importlib.resources import files

import cv2
import numpy as np
import pytest
import torch
from blurred_images import dead_leaves, defocused
from scipy.stats import spearmanr
from skimage import data

from baselines.map_based.jnb import (
    JNB,
    MOST_ATOMS,
    TOLERANCE,
    atoms_needed,
    estimate_sigma,
    patches_of,
    shipped_dictionary,
)
from benchmark.datasets.sample.scenes import SCENES
from benchmark.method import Context, Sample

SLOPE = np.tile(np.linspace(0.5, 4, 256), (256, 1))
FOLDER = files("baselines") / "pretrained"


def channels_first(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()


@pytest.mark.parametrize("name", ["leaves", "coffee"])
def test_map_ranks_the_blur_as_it_is(name: str) -> None:
    sharp = dead_leaves(1)
    if name == "coffee":
        sharp = cv2.resize(data.coffee().astype(np.float32) / 255, (256, 256), interpolation=cv2.INTER_AREA)
    found = estimate_sigma(channels_first(defocused(sharp, SLOPE)))
    assert found.shape == (256, 256)
    assert spearmanr(found.ravel(), SLOPE.ravel()).statistic > 0.6


def test_more_blur_needs_fewer_atoms() -> None:
    means = []
    for sigma in (0.7, 1.0, 1.5, 2.0, 3.0):
        grey = torch.from_numpy(defocused(dead_leaves(4, 128), sigma).mean(axis=2))
        means.append(atoms_needed(patches_of(grey, 4, 0.02)[0], shipped_dictionary().atoms).mean().item())
    assert means == sorted(means, reverse=True)
    assert means[0] > 2 * means[-1]


def test_number_of_atoms_is_what_least_squares_on_the_chosen_ones_needs() -> None:
    generator = torch.Generator().manual_seed(0)
    atoms = torch.nn.functional.normalize(torch.randn(40, 64, generator=generator), dim=1)
    patches = torch.nn.functional.normalize(torch.randn(5, 3, generator=generator) @ atoms[[3, 17, 31]], dim=1)
    expected = []
    for patch in patches.double():
        chosen: list[int] = []
        rest = patch
        while rest.norm() > TOLERANCE and len(chosen) < MOST_ATOMS:
            chosen.append(int((atoms.double() @ rest).abs().argmax()))
            columns = atoms.double()[chosen].T
            rest = patch - columns @ torch.linalg.lstsq(columns, patch[:, None]).solution[:, 0]
        expected.append(len(chosen))
    assert atoms_needed(patches, atoms).tolist() == expected
    assert max(expected) < 10


def test_shipped_dictionary_is_what_its_card_says() -> None:
    card = json.loads((FOLDER / "jnb_dictionary.json").read_text(encoding="utf-8"))
    assert hashlib.sha256((FOLDER / "jnb_dictionary.safetensors").read_bytes()).hexdigest() == card["sha256"]
    atoms, counts, sigmas = shipped_dictionary()
    assert atoms.shape == (card["atoms"], card["patch_px"] ** 2)
    torch.testing.assert_close(atoms.norm(dim=1), torch.ones(len(atoms)))
    assert (counts.diff() > 0).all()
    assert (sigmas.diff() < 0).all()


def test_dictionary_was_learned_from_no_photograph_of_the_sample_set() -> None:
    card = json.loads((FOLDER / "jnb_dictionary.json").read_text(encoding="utf-8"))
    assert not {scene.photograph.partition(".")[0] for scene in SCENES} & set(card["photographs"])


def test_image_without_contrast_comes_back_to_the_bit() -> None:
    image = torch.full((3, 64, 72), 0.3)
    assert torch.equal(JNB.load().deblur(Sample("flat", image), Context()).image, image)


def test_method_sharpens_a_blurred_image() -> None:
    sharp = dead_leaves(2)
    image, truth = (channels_first(pixels) for pixels in (defocused(sharp, 1.5), sharp))
    method = JNB.load()
    made = method.deblur(Sample("a", image), Context(family="cuhk"))
    errors = [(result.clamp(0, 1) - truth).square().mean() for result in (image, made.image)]
    assert errors[1] < 0.8 * errors[0]
