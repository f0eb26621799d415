"""Import torchvision even if its compiled operators do not fit the installed torch."""

import re
from collections.abc import Callable

from realdof.common.errors import InputError

_BOXES = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
_UNUSED_OPERATORS = {"nms": _BOXES, "qnms": _BOXES}
"""Operators that torchvision needs declared to be imported, with their schemas."""


def import_torchvision() -> None:
    """Import torchvision, which packages of networks need.

    torchvision on PyPI is compiled for CUDA. With a CPU build of torch its operators do not load, and the import fails
    because it refers to two of them. They are declared here without an implementation; calling one raises an error, but
    no network here calls them.

    Raises
    ------
    InputError
        torchvision cannot be imported for another reason.
    """
    import torch

    def attempt() -> None:
        import torchvision  # noqa: F401

    declare_missing(attempt, lambda name, schema: torch.library.define(f"torchvision::{name}", schema))


def declare_missing(attempt: Callable[[], None], declare: Callable[[str, str], None]) -> None:
    """Repeat an import, each time declaring one more of the operators that it misses.

    Raises
    ------
    InputError
        The import fails for another reason.
    """
    left = dict(_UNUSED_OPERATORS)
    while True:
        try:
            return attempt()
        except RuntimeError as error:
            missing = re.match(r"operator torchvision::(\w+) does not exist", str(error))
            if missing is None or missing[1] not in left:
                import torch

                raise InputError(
                    f"torchvision cannot be imported beside torch {torch.__version__} ({error}); install the build of "
                    "it that belongs to this torch, from the same place"
                ) from error
            declare(missing[1], left.pop(missing[1]))
