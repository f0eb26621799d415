"""Edge taper and deconvolution against scikit-image and Octave with its package image."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import scipy.io
import torch
from skimage.restoration import wiener

from baselines.deconvolution import richardson_lucy
from baselines.deconvolution import wiener as our_wiener
from baselines.deconvolution.edge_taper import edge_taper
from baselines.deconvolution.hyper_laplacian import deconvolve
from baselines.deconvolution.kernels import disc_kernel, gradient_power, transfer_function

Agree = Callable[..., None]
SCRIPT = Path(__file__).with_name("deconvolution.m")
NOISE, ITERATIONS, DATA_WEIGHT = 1e-3, 10, 2000.0


@pytest.fixture(scope="module")
def kernel() -> np.ndarray:
    """A disc that no symmetry hides: its lower half weighs more."""
    kernel = disc_kernel(1.7).double().numpy().copy()
    kernel[kernel.shape[0] // 2 + 1 :] *= 1.5
    return kernel / kernel.sum()


@pytest.fixture(scope="module")
def image(photograph: np.ndarray) -> np.ndarray:
    return photograph[:120, :150, 1].astype(np.float64) / 255


@pytest.fixture(scope="module")
def blurred(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    transfer = transfer_function(torch.from_numpy(kernel), *image.shape)
    return torch.fft.irfft2(torch.fft.rfft2(torch.from_numpy(image)) * transfer, s=image.shape).numpy()


@pytest.fixture(scope="module")
def octave(
    image: np.ndarray,
    blurred: np.ndarray,
    kernel: np.ndarray,
    program: Callable[[str, str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, np.ndarray]:
    """What deconvolution.m computes of the same arrays."""
    folder = tmp_path_factory.mktemp("octave")
    given = {"I": image, "B": blurred, "K": kernel, "noise": NOISE, "iterations": ITERATIONS, "lambda": DATA_WEIGHT}
    scipy.io.savemat(folder / "given.mat", given)
    interpreter = program("octave-cli", "octave octave-image")
    subprocess.run([interpreter, "--no-gui", str(SCRIPT)], cwd=folder, check=True, timeout=120)
    return scipy.io.loadmat(folder / "found.mat")


def test_edge_taper(image: np.ndarray, kernel: np.ndarray, octave: dict[str, np.ndarray], agree: Agree) -> None:
    ours = edge_taper(torch.from_numpy(image), torch.from_numpy(kernel)).numpy()
    agree("edge taper", "Octave, from MATLAB's documentation", ours, octave["tapered"], at_most=1e-12)


def test_edge_taper_of_octaves_own_package(
    image: np.ndarray, kernel: np.ndarray, octave: dict[str, np.ndarray], differ: Agree
) -> None:
    ours = edge_taper(torch.from_numpy(image), torch.from_numpy(kernel)).numpy()
    why = "says of itself that it is not MATLAB's"
    differ("edge taper", "Octave, edgetaper", ours, octave["edgetaper"], between=(1e-3, 0.5), why=why)
    # Both leave the middle as it is.
    middle = (slice(20, -20), slice(20, -20))
    np.testing.assert_allclose(octave["edgetaper"][middle], ours[middle], atol=1e-12)


def test_wiener(blurred: np.ndarray, kernel: np.ndarray, octave: dict[str, np.ndarray], agree: Agree) -> None:
    ours = our_wiener.deconvolve(torch.from_numpy(blurred), torch.from_numpy(kernel), NOISE).numpy()
    agree("Wiener", "Octave, deconvwnr with the same spectrum", ours, octave["wiener"], at_most=1e-9)


def test_wiener_of_scikit_image(blurred: np.ndarray, kernel: np.ndarray, agree: Agree) -> None:
    ours = our_wiener.deconvolve(torch.from_numpy(blurred), torch.from_numpy(kernel), NOISE).numpy()
    roughness = gradient_power(*blurred.shape, torch.from_numpy(blurred)).sqrt().numpy().astype(complex)
    theirs = wiener(blurred, kernel, NOISE, reg=roughness, clip=False)
    agree("Wiener", "scikit-image with the same spectrum", ours, theirs, at_most=1e-9)


def test_richardson_lucy(blurred: np.ndarray, kernel: np.ndarray, octave: dict[str, np.ndarray], agree: Agree) -> None:
    ours = richardson_lucy.deconvolve(torch.from_numpy(blurred), torch.from_numpy(kernel), ITERATIONS).numpy()
    agree("Richardson-Lucy, 10 iterations", "Octave", ours, octave["lucy"], at_most=1e-9)


def test_a_quadratic_prior(
    blurred: np.ndarray, kernel: np.ndarray, octave: dict[str, np.ndarray], agree: Agree
) -> None:
    """With alpha 2 the splitting has a closed form at each step, which Octave computes by its own transforms."""
    ours = deconvolve(torch.from_numpy(blurred), torch.from_numpy(kernel), DATA_WEIGHT, alpha=2.0).numpy()
    agree("hyper-Laplacian, alpha 2", "Octave", ours, octave["quadratic"], at_most=1e-6)
