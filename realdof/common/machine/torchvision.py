"""Import torchvision also where its compiled operators do not fit the installed torch."""

import re
from collections.abc import Callable

from realdof.common.errors import InputError

_BOXES = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
_UNUSED_OPERATORS = {"nms": _BOXES, "qnms": _BOXES}
"""Operators whose declaration torchvision needs to be imported, with their schemas."""


def import_torchvision() -> None:
    """Import torchvision, which packages of networks need.

    torchvision of the package index is compiled for CUDA. Beside a torch for CPUs its operators do not load, and it
    cannot be imported, because it describes two of them that then do not exist. They are declared here, without
    anything that would compute them: who called one would be told so. No network here does.

    Raises
    ------
    InputError
        It misses something else.
    """
    import torch

    def attempt() -> None:
        import torchvision  # noqa: F401

    declare_missing(attempt, lambda name, schema: torch.library.define(f"torchvision::{name}", schema))


def declare_missing(attempt: Callable[[], None], declare: Callable[[str, str], None]) -> None:
    """Try an import again and again, each time with one more of the operators declared that it misses.

    Raises
    ------
    InputError
        It misses something else.
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
