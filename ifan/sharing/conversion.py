"""Convert weights: from the authors' checkpoints to safetensors, and from float32 to float16."""

import json
from pathlib import Path
from typing import Any

import torch

from benchmark.weight_files import is_safetensors, read_card
from ifan.checkpoints import read_weights
from ifan.photographs.files import refuse_existing
from ifan.variants import Variant
from ifan.weights import load_network, save_weights
from realdof.common.decode import read_text
from realdof.common.errors import InputError


def convert(
    source: Path,
    target: Path,
    variant: Variant,
    *,
    label: str = "",
    half: bool = False,
    card: Path | None = None,
    overwrite: bool = False,
) -> None:
    """Write weights as safetensors, with variant, form of IAC, label and training card in the header.

    Parameters
    ----------
    source
        A released checkpoint or a safetensors file, or the name of a set of weights.
    target
        The file to write.
    variant
        The network of the weights.
    label
        One line that describes the weights; the source's label if empty.
    half
        Store the weights in float16.
    card
        A file with a JSON object to add to the training card.
    overwrite
        Replace a target that exists.

    Raises
    ------
    InputError
        The source is missing or holds another network, the card is not a JSON object, or the target exists.
    """
    refuse_existing(target, overwrite)
    weights = read_weights(variant.sets.find(str(source)))
    network = load_network(variant, weights)
    about = dict(read_card(weights.path)) if is_safetensors(weights.path) else {}
    about |= {"converted_from": weights.sha256, "stored_as": "float16" if half else "float32"} | _read_object(card)
    save_weights(target, network, variant, label or weights.label, about, torch.float16 if half else torch.float32)


def _read_object(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        content = json.loads(read_text(path, "give a file with a JSON object as --card"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read as JSON ({error}); a card is a JSON object") from error
    if not isinstance(content, dict):
        raise InputError(f"{path} holds a {type(content).__name__}; a card is a JSON object")
    return content
