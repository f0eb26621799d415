"""Export IFAN as ONNX or as a torch.export program, and check the export against the network.

The export computes one filter set after the other (`ifan.inference`), for one image whose sides are multiples of 8.
"""

from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from ifan.checkpoints import read_weights
from ifan.inference import run
from ifan.network import IFAN
from ifan.photographs.files import refuse_existing
from ifan.shape import SIZE_MULTIPLE
from ifan.sharing.hub import CARD, CONFIG, WEIGHTS
from ifan.variants import Variant
from ifan.weights import load_network
from realdof.common.errors import InputError
from realdof.common.files import atomic_path

Format = Literal["onnx", "torch"]
SUFFIXES: dict[str, Format] = {".onnx": "onnx", ".pt2": "torch"}
"""Format by the suffix of the file."""
TOLERANCE = 1e-4
"""Largest difference between export and network, relative to the largest value."""
EXAMPLE, OTHER = (64, 96), (72, 88)
"""Height and width for tracing the export, and for checking it."""


class Exported(nn.Module):
    """A network as a module from images to the deblurred image, not clipped.

    Parameters
    ----------
    network
        A network in float32.
    """

    def __init__(self, network: IFAN) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor, views: Tensor | None = None) -> Tensor:
        """Deblur float32 (1, 3, H, W) in [0, 1]; a dual-pixel network also needs (1, 6, H, W), right then left."""
        return run(self.network, image, views)


def export_weights(variant: Variant, weights: str, target: Path, *, overwrite: bool = False) -> str:
    """Export a variant with a set of weights.

    Parameters
    ----------
    variant
        The network to export.
    weights
        ``official``, ``synthetic`` or a file.
    target
        A file (see `export`), or a folder without a suffix in its name for `ifan.sharing.hub.HubModel.save_pretrained`.
    overwrite
        Replace a target that exists.

    Returns
    -------
    str
        A message to the user about the written files.

    Raises
    ------
    InputError
        The weights are not available, the target exists, or `export` raised it.
    """
    refuse_existing(target, overwrite)
    network = load_network(variant, read_weights(variant.sets.find(weights)))
    if not target.suffix:
        network.save_pretrained(target)
        return f"wrote {target} with {CONFIG}, {WEIGHTS} and {CARD}"
    difference = export(network, target)
    return f"wrote {target}; it differs from the network by at most {difference:.0e} of the largest value"


def export(network: IFAN, path: Path) -> float:
    """Write a network as ONNX (``.onnx``) or for torch.export.load (``.pt2``), and check the file.

    Returns
    -------
    float
        Largest difference to the network, relative to the largest value, at a size that was not traced.

    Raises
    ------
    InputError
        The suffix is unknown, a package is missing, or the file's results differ from the network's.
    """
    kind = SUFFIXES.get(path.suffix.lower())
    if kind is None:
        raise InputError(
            f"cannot export to {path}; give a name that ends in .onnx or .pt2, or one of a folder, without an ending"
        )
    module = Exported(network).eval()
    inputs = _inputs(network, *EXAMPLE)
    with atomic_path(path) as temporary, torch.no_grad():
        program = torch.export.export(module, inputs, dynamic_shapes=_free_sizes(len(inputs)))
        if kind == "onnx":
            _write_onnx(program, temporary)
        else:
            torch.export.save(program, temporary)
        given = _inputs(network, *OTHER)
        expected = module(*given)
        found = _run_onnx(temporary, given) if kind == "onnx" else torch.export.load(temporary).module()(*given)
        difference = float((found - expected).abs().max() / expected.abs().max())
        if not difference <= TOLERANCE:
            raise InputError(f"what was exported differs from the network by {difference:.1e}; {path} was not written")
    return difference


def _inputs(network: IFAN, height: int, width: int) -> tuple[Tensor, ...]:
    random = torch.Generator().manual_seed(0)
    image = torch.rand(1, 3, height, width, generator=random)
    return (image, torch.rand(1, 6, height, width, generator=random)) if network.shape.dual else (image,)


def _free_sizes(count: int) -> tuple[Any, ...]:
    height, width = (SIZE_MULTIPLE * torch.export.Dim(name, min=2, max=4096) for name in ("rows", "columns"))
    free = {2: height, 3: width}
    return (free, free if count > 1 else None)[: max(count, 1)]


def _write_onnx(program: torch.export.ExportedProgram, path: Path) -> None:
    _need("onnxscript")
    written = torch.onnx.export(program, dynamo=True, input_names=["image", "views"][: len(_names(program))])
    if written is None:
        raise RuntimeError("torch.onnx.export gave no program")
    model = written.model_proto
    # Where in whose files each operator was traced; it names folders of this machine, in another order each time.
    graphs = (model.graph, *model.functions)
    values = (*model.graph.input, *model.graph.output, *model.graph.initializer)
    for part in (model, *graphs, *values, *(one for graph in graphs for one in (*graph.node, *graph.value_info))):
        part.ClearField("metadata_props")
    path.write_bytes(model.SerializeToString(deterministic=True))


def _names(program: torch.export.ExportedProgram) -> tuple[str, ...]:
    return tuple(str(name) for name in program.graph_signature.user_inputs)


def _run_onnx(path: Path, inputs: tuple[Tensor, ...]) -> Tensor:
    _need("onnxruntime")
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    feeds = {slot.name: value.numpy() for slot, value in zip(session.get_inputs(), inputs, strict=True)}
    return torch.from_numpy(session.run(None, feeds)[0])


def _need(package: str) -> None:
    from importlib.util import find_spec

    if find_spec(package) is None:
        raise InputError(f"exporting to ONNX needs {package}; install it with: pip install 'ifan-bench[export]'")
