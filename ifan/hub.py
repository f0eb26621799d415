"""IFAN in the Hugging Face convention: ``config.json``, ``model.safetensors`` and a model card in one folder.

A folder on this machine needs no other package and no network; repositories need ``huggingface_hub``. Nothing in a
folder or repository is executed.
"""

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import torch

from benchmark.weight_files import assign, read_safetensors, write_safetensors
from ifan.model_card import model_card
from ifan.network import IFAN, NetworkShape
from ifan.variants import VARIANTS, name_of
from realdof.common.errors import InputError
from realdof.common.files import write_json, write_text

CONFIG, WEIGHTS, CARD = "config.json", "model.safetensors", "README.md"


def save_pretrained(network: IFAN, folder: Path) -> None:
    """Write a network as a folder that `from_pretrained` reads: its shape, its weights in float32 and a model card.

    Parameters
    ----------
    network
        Its ``label`` and ``card`` say what the weights are and how they came about; both go into the model card.
    folder
        Made if need be; files of these names in it are replaced.

    Raises
    ------
    InputError
        The folder cannot be written to.
    """
    name = name_of(network.shape) or "ifan"
    words = {
        "format": "pt",
        "variant": name,
        "shared_taps": "true" if network.shape.shared_taps else "false",
        "label": network.label,
    }
    write_safetensors(folder / WEIGHTS, network, words, network.card, torch.float32)
    write_text(folder / CARD, model_card(network, VARIANTS.get(name)))
    # Last, because a folder with it is taken to be whole.
    write_json(folder / CONFIG, {"architectures": ["IFAN"], "library_name": "ifan-bench", **asdict(network.shape)})


def from_pretrained(name: str | Path, *, revision: str | None = None) -> IFAN:
    """A network from a folder, or else from a repository on the Hugging Face Hub.

    Parameters
    ----------
    name
        A folder written by `save_pretrained`, or a repository as ``owner/name``. Files that were fetched once are
        taken from the Hub's own cache, also without a network (``HF_HUB_OFFLINE=1``).
    revision
        Branch, tag or commit of the repository.

    Returns
    -------
    IFAN
        Float32, ready for inference, without gradients; ``network.train().requires_grad_(True)`` trains it further.

    Raises
    ------
    InputError
        There is no such folder or repository, it holds no IFAN, or its files do not fit each other.
    """
    folder = Path(name)
    if folder.is_dir():
        config, weights = folder / CONFIG, folder / WEIGHTS
    else:
        config, weights = (_fetch(str(name), file, revision) for file in (CONFIG, WEIGHTS))
    shape = _read_shape(config)
    state, words = read_safetensors(weights)
    with torch.device("meta"):
        network = IFAN(shape)
    assign(network, {key: value.float() for key, value in state.items()}, weights, f"the shape in {config}")
    network.label, network.card = words.get("label", ""), json.loads(words.get("card", "{}"))
    return network.eval().requires_grad_(False)


def push_to_hub(network: IFAN, repository: str, *, private: bool = False, message: str = "Upload IFAN") -> str:
    """Write a network to a repository on the Hugging Face Hub, which is made if need be.

    Parameters
    ----------
    repository
        ``owner/name``. Who you are, ``huggingface_hub`` knows from ``hf auth login`` or ``HF_TOKEN``.
    private
        Of a repository that is made.
    message
        Of the commit.

    Returns
    -------
    str
        The commit's address.

    Raises
    ------
    InputError
        ``huggingface_hub`` is not installed, or the Hub refuses or cannot be reached.
    """
    hub = _hub()
    with tempfile.TemporaryDirectory() as made, _told_in_a_sentence(f"cannot write to {repository}"):
        save_pretrained(network, Path(made))
        api = hub.HfApi()
        api.create_repo(repository, private=private, exist_ok=True)
        commit = api.upload_folder(repo_id=repository, folder_path=made, commit_message=message)
    return str(commit.commit_url)


def _fetch(repository: str, file: str, revision: str | None) -> Path:
    hub = _hub(f"{repository} is no folder, and repositories")
    with _told_in_a_sentence(f"cannot read {file} of {repository}, which is no folder here either"):
        return Path(hub.hf_hub_download(repository, file, revision=revision))


def _hub(what: str = "pushing") -> Any:
    try:
        import huggingface_hub
    except ImportError as error:
        raise InputError(f"{what} need huggingface_hub; install it with: pip install 'ifan-bench[hub]'") from error
    return huggingface_hub


@contextmanager
def _told_in_a_sentence(what: str) -> Iterator[None]:
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        # huggingface_hub raises its HTTP library's errors as well as its own, and changed that library.
        if type(error).__module__.split(".")[0] not in _HUB_MODULES and not isinstance(error, OSError):
            raise
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise InputError(f"{what}: {lines[0]}") from error


_HUB_MODULES = {"huggingface_hub", "requests", "httpx", "httpx2", "httpcore", "httpcore2"}


def _read_shape(path: Path) -> NetworkShape:
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as JSON ({error}); give a folder of save_pretrained") from error
    if not isinstance(config, dict):
        raise InputError(f"{path} holds a {type(config).__name__}; a configuration is a JSON object")
    shape = NetworkShape()
    for field in fields(NetworkShape):
        if field.name not in config:
            raise InputError(f"{path} says nothing of {field.name}; it describes no IFAN")
        value = config[field.name]
        if not _ALLOWED[field.name](value):
            raise InputError(f"{path} has {field.name} = {value!r}, which no IFAN has")
        shape = replace(shape, **{field.name: value})
    return shape


def _is_bool(value: object) -> bool:
    return isinstance(value, bool)


_ALLOWED: Mapping[str, Callable[[Any], bool]] = {
    "filters": lambda value: isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 1000,
    "dual": _is_bool,
    "shared_taps": _is_bool,
    "disparity": _is_bool,
    "deblurring": lambda value: value in ("iac", "fac", "blocks"),
}
"""What the fields of a configuration may be."""
