"""Load and save networks in the Hugging Face layout: ``config.json``, ``model.safetensors`` and a model card.

Local folders need no other package and no network; repositories need ``huggingface_hub``. No code in a folder or
repository is run.

``huggingface_hub.PyTorchModelHubMixin`` is not used: importing a network would need that package, and it neither writes
a training card nor checks a configuration.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import torch
from pydantic import ConfigDict, Field
from torch import nn

from benchmark.weight_files import assign, card_of, read_safetensors, write_safetensors
from ifan.checkpoints import Weights, read_weights
from ifan.shape import NetworkShape
from ifan.sharing.model_card import model_card
from ifan.variants import VARIANTS, name_of, variant_named
from realdof.common.decode import Strict, read_json
from realdof.common.errors import InputError
from realdof.common.files import write_json, write_text

CONFIG, WEIGHTS, CARD = "config.json", "model.safetensors", "README.md"
_HUB_MODULES = {"huggingface_hub", "requests", "httpx", "httpx2", "httpcore", "httpcore2"}


class Configuration(Strict):
    """The fields of ``config.json`` that describe a network; see `ifan.shape.NetworkShape`."""

    model_config = ConfigDict(extra="ignore")

    filters: Annotated[int, Field(ge=1, le=1000)]
    dual: bool
    shared_taps: bool
    disparity: bool
    deblurring: Literal["iac", "fac", "blocks"]


class HubModel(nn.Module):
    """Base class of a network that can be loaded by name and saved to a folder or repository.

    Attributes
    ----------
    shape
        Shape parameters, the only argument of a subclass's constructor.
    label, card
        One line that describes the weights, and their training card; empty for a network that was not loaded.
    """

    shape: NetworkShape
    label: str = ""
    card: Mapping[str, Any]

    def __init__(self, shape: NetworkShape | None = None) -> None:
        super().__init__()
        self.shape = shape or NetworkShape()
        self.label = ""
        self.card = {}

    @classmethod
    def of_weights(cls, weights: Weights, name: str) -> Self:
        """Return a network with weights read from a file, float32, ready for inference, without gradients.

        Parameters
        ----------
        weights
            See `ifan.checkpoints.read_weights`.
        name
            Name of the network that the weights should fit, for the error message.

        Raises
        ------
        InputError
            The weights are incomplete.
        """
        with torch.device("meta"):
            network = cls(weights.shape)
        assign(network, weights.state, weights.path, name)
        network.label, network.card = weights.label, weights.card
        return network.eval().requires_grad_(False)

    @classmethod
    def from_pretrained(cls, name: str | Path, *, variant: str = "ifan", revision: str | None = None) -> Self:
        """Load a network by the name of its weights, from a folder or from a repository.

        Parameters
        ----------
        name
            ``synthetic`` for this package's weights; ``official`` for the authors', if they are in the cache; a folder
            written by `save_pretrained`; or a repository on the Hugging Face Hub, as ``owner/name``. The Hub's cache
            keeps fetched files, so they load offline later (``HF_HUB_OFFLINE=1``).
        variant
            The paper's network for ``synthetic`` or ``official`` weights.
        revision
            Branch, tag or commit of the repository.

        Returns
        -------
        IFAN
            Float32, ready for inference, without gradients; ``network.train().requires_grad_(True)`` trains it further.

        Raises
        ------
        InputError
            The weights, folder or repository do not exist or hold no IFAN, or configuration and weights do not match.
        """
        if str(name) in ("official", "synthetic"):
            return cls.of_weights(read_weights(variant_named(variant).sets.find(str(name))), variant)
        folder = Path(name)
        if folder.is_dir():
            config, weights = folder / CONFIG, folder / WEIGHTS
        else:
            config, weights = (_fetch(str(name), file, revision) for file in (CONFIG, WEIGHTS))
        described = read_json(config, Configuration, "give a folder of save_pretrained, or a repository with an IFAN")
        state, words = read_safetensors(weights)
        with torch.device("meta"):
            network = cls(NetworkShape(**described.model_dump()))
        assign(network, {key: value.float() for key, value in state.items()}, weights, f"the shape in {config}")
        network.label, network.card = words.get("label", ""), card_of(weights, words)
        return network.eval().requires_grad_(False)

    def save_pretrained(self, folder: str | Path) -> None:
        """Save the network to a folder for `from_pretrained`: shape, weights in float32, and model card.

        Parameters
        ----------
        folder
            Created if needed; existing files are replaced. ``label`` and ``card`` go into the model card.

        Raises
        ------
        InputError
            The folder cannot be written to.
        """
        folder = Path(folder)
        name = name_of(self.shape) or "ifan"
        words = {
            "variant": name,
            "shared_taps": "true" if self.shape.shared_taps else "false",
            "label": self.label,
        }
        parameters = sum(value.numel() for value in self.parameters())
        write_safetensors(folder / WEIGHTS, self, words, self.card, torch.float32)
        write_text(folder / CARD, model_card(self.shape, self.label, self.card, parameters, VARIANTS.get(name)))
        # The configuration is written last, because a folder that has it counts as complete.
        write_json(folder / CONFIG, {"architectures": ["IFAN"], "library_name": "ifan-bench", **asdict(self.shape)})

    def push_to_hub(self, repository: str, *, private: bool = False, message: str = "Upload IFAN") -> str:
        """Upload the network to a repository on the Hugging Face Hub, which is created if needed.

        Parameters
        ----------
        repository
            ``owner/name``. ``huggingface_hub`` authenticates by ``hf auth login`` or ``HF_TOKEN``.
        private
            Whether a new repository is private.
        message
            Commit message.

        Returns
        -------
        str
            The commit's address.

        Raises
        ------
        InputError
            ``huggingface_hub`` is not installed, or the Hub refuses or cannot be reached.
        """
        hub = _hub("pushing needs")
        with tempfile.TemporaryDirectory() as made, _one_sentence(f"cannot write to {repository}"):
            self.save_pretrained(made)
            api = hub.HfApi()
            api.create_repo(repository, private=private, exist_ok=True)
            commit = api.upload_folder(repo_id=repository, folder_path=made, commit_message=message)
        return str(commit.commit_url)


def _fetch(repository: str, file: str, revision: str | None) -> Path:
    hub = _hub(f"{repository} is no folder, and a repository needs")
    with _one_sentence(f"cannot read {file} of {repository}, which is no folder here either"):
        return Path(hub.hf_hub_download(repository, file, revision=revision))


def _hub(what: str) -> Any:
    try:
        import huggingface_hub
    except ImportError as error:
        raise InputError(f"{what} huggingface_hub; install it with: pip install 'ifan-bench[hub]'") from error
    return huggingface_hub


@contextmanager
def _one_sentence(what: str) -> Iterator[None]:
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        # huggingface_hub also raises errors of its HTTP library, which differs between its versions.
        if type(error).__module__.split(".")[0] not in _HUB_MODULES and not isinstance(error, OSError):
            raise
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise InputError(f"{what}: {lines[0]}") from error
