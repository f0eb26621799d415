"""Write the model card of a network as Markdown: description, use, and training of the weights."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ifan.shape import NetworkShape
from ifan.variants import Variant, describe

PAPER = "Lee et al., *Iterative Filter Adaptive Network for Single Image Defocus Deblurring*, CVPR 2021"
_USE = """\
```python
from ifan import IFAN

network = IFAN.from_pretrained("{name}")  # this repository, or a folder with its files
deblurred = network({arguments})
```

`image` is float32 (1, 3, H, W), RGB, sRGB-encoded, in [0, 1], with sides that divide by 8{views}. The result is not
clipped. The package is `ifan-bench`; for photographs of any size it has a command:
`ifan deblur photo.jpg -o sharp.png --variant {variant} --weights model.safetensors`."""


def model_card(
    shape: NetworkShape, label: str, card: Mapping[str, Any], parameters: int, variant: Variant | None
) -> str:
    """Return the model card as Markdown, with the header that the Hugging Face Hub reads.

    Parameters
    ----------
    shape
        Shape parameters of the network.
    label
        One line that describes the weights.
    card
        The training card; may be empty.
    parameters
        Number of parameters.
    variant
        The paper's model, if the network is one.
    """
    title = variant.title if variant else "IFAN"
    form = "taps shared between the passes, as in the released code" if shape.shared_taps else "Equation 1"
    tags = ["ifan", "defocus-deblurring", "image-restoration", "safetensors"]
    header = {"library_name": "ifan-bench", "pipeline_tag": "image-to-image", "tags": tags}
    parts = [
        "---\n" + "\n".join(f"{key}: {json.dumps(value)}" for key, value in header.items()) + "\n---",
        f"# {title}, for single-image defocus deblurring",
        label,
        f"{PAPER}: {describe(shape)}, {parameters:,} parameters; IAC: {form}. "
        "A reimplementation; not the authors' code.",
        "## Use",
        _use(shape, variant),
        *_training(card),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _use(shape: NetworkShape, variant: Variant | None) -> str:
    views = "; `views` is (1, 6, H, W), right then left dual-pixel view" if shape.dual else ""
    return _USE.format(
        name="owner/name",
        arguments="image, views" if shape.dual else "image",
        views=views,
        variant=variant.name if variant else "ifan",
    )


def _training(card: Mapping[str, Any]) -> list[str]:
    if not card:
        return []
    tables = {key: value for key, value in card.items() if _is_table(value)}
    rest = {key: value for key, value in card.items() if key not in tables}
    parts = ["## How the weights came about", "\n".join(_lines(rest))]
    for key, rows in tables.items():
        parts += [f"### {_words(key).capitalize()}", _table(rows)]
    return parts


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, Mapping) for row in value)


def _lines(values: Mapping[str, Any], indent: str = "") -> list[str]:
    lines = []
    for key, value in values.items():
        if isinstance(value, Mapping):
            lines += [f"{indent}* {_words(key)}:", *_lines(value, indent + "    ")]
        elif isinstance(value, list) and any(isinstance(item, str) for item in value):
            lines += [f"{indent}* {_words(key)}:", *(f"{indent}    * {item}" for item in value)]
        else:
            lines.append(f"{indent}* {_words(key)}: {_figure(value)}")
    return lines


def _figure(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return ", ".join(_figure(item) for item in value)
    return str(value)


def _words(key: str) -> str:
    return key.replace("_", " ")


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    lines = [columns, ["---"] * len(columns), *([_figure(row.get(key, "")) for key in columns] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
