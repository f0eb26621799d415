"""Load networks of any architecture of spandrel and its extra package, without running code in the files."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from benchmark.torch_files import read_torch
from benchmark.weight_checks import check_finite, checked_tensors
from benchmark.weight_files import SUFFIX, is_safetensors, read_safetensors
from realdof.common.errors import InputError
from realdof.common.machine.torchvision import import_torchvision

if TYPE_CHECKING:
    from spandrel import ArchRegistry, ImageModelDescriptor

CHECKPOINTS = (".pth", ".pt", ".ckpt", ".pytorch", ".bin")
"""Suffixes of files that torch reads with ``weights_only``; spandrel itself would also run TorchScript."""


def load_model(path: Path) -> "ImageModelDescriptor[Any]":
    """Load the network in a file; the parameters' names determine its architecture.

    Parameters
    ----------
    path
        ``.safetensors``, or a checkpoint of plain tensors; no code in it is run.

    Raises
    ------
    InputError
        spandrel is not installed; the file is damaged, holds more than tensors, or a network that spandrel does not
        know; or the network does not map an image, or two dual-pixel views, to an image of the same size.
    """
    registry = architectures()
    from spandrel import ImageModelDescriptor, UnsupportedModelError, canonicalize_state_dict

    state = _only_tensors(path, canonicalize_state_dict(_read(path)))
    check_finite(path, state)
    try:
        model = registry.load(state)
    except UnsupportedModelError as error:
        raise InputError(f"{path} holds a network that spandrel does not know") from error
    # Detection reads only some parameters' names, so a network with similar names can fail in any of these ways.
    except (RuntimeError, LookupError, ValueError, AssertionError, TypeError, AttributeError, ArithmeticError) as error:
        raise InputError(f"{path} holds a network that spandrel mistakes for another: {_reason(error)}") from error
    if not isinstance(model, ImageModelDescriptor):
        raise InputError(f"{path} holds {model.architecture.name}, which needs a mask beside the image")
    _check_channels(path, model)
    return model.eval()


def _check_channels(path: Path, model: "ImageModelDescriptor[Any]") -> None:
    if model.scale != 1:
        raise InputError(f"{path} holds {model.architecture.name} that enlarges {model.scale} times; it must not")
    if model.input_channels not in (3, 6) or model.output_channels != 3:
        raise InputError(
            f"{path} holds {model.architecture.name} from {model.input_channels} to {model.output_channels} channels; "
            "it must be from 3, or 6 for dual-pixel views, to 3"
        )


def _read(path: Path) -> dict[str, Any]:
    if is_safetensors(path):
        return dict(read_safetensors(path, buffers=True)[0])
    if path.suffix.lower() not in CHECKPOINTS:
        known = ", ".join((SUFFIX, *CHECKPOINTS))
        raise InputError(f"{path} ends in {path.suffix or 'nothing'}; weights for spandrel are {known}")
    # Detection splits names, so it would fail on keys that are not strings.
    return {name: value for name, value in read_torch(path).items() if isinstance(name, str)}


def _reason(error: Exception) -> str:
    """Return the first two lines of an error; the second names the parameter that does not fit."""
    said = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(said[:2]) or type(error).__name__


def _only_tensors(path: Path, state: Mapping[str, Any]) -> dict[str, Tensor]:
    tensors = {name: value for name, value in state.items() if isinstance(value, Tensor)}
    if not tensors:
        raise InputError(f"{path} holds no parameters")
    return checked_tensors(path, tensors, buffers=True)


def architectures() -> "ArchRegistry":
    """Return every architecture of spandrel and of its extra package, which holds those with licences other than MIT.

    Raises
    ------
    InputError
        spandrel cannot be imported.
    """
    try:
        import_torchvision()
        from spandrel import MAIN_REGISTRY
        from spandrel_extra_arches import EXTRA_REGISTRY
    except ImportError as error:
        raise InputError(
            f"spandrel cannot be imported ({error}); install it with: pip install 'ifan-bench[models]'"
        ) from error
    registry = MAIN_REGISTRY.copy()
    registry.add(*EXTRA_REGISTRY, ignore_duplicates=True)
    return registry
