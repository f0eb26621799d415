"""A package with pyiqa's interface and its traps, for tests where pyiqa is not installed."""

import sys
from pathlib import Path

import pytest

from benchmark.metrics.iqa import catalogue, metric

CONFIGS = """
DEFAULT_CONFIGS = {
    "psnr": {"metric_opts": {"type": "PSNR"}, "metric_mode": "FR", "score_range": "~0, ~40"},
    "ssim": {"metric_opts": {"type": "SSIM", "test_y_channel": True}, "metric_mode": "FR", "score_range": "0, 1"},
    "dists": {"metric_opts": {"type": "D"}, "metric_mode": "FR", "lower_better": True, "score_range": "0, 1"},
    "musiq": {"metric_opts": {"type": "MUSIQ"}, "metric_mode": "NR", "score_range": "~0, ~100"},
    "maniqa": {"metric_opts": {"type": "MANIQA"}, "metric_mode": "NR", "score_range": "~0, ~1"},
    "broken": {"metric_opts": {"type": "B"}, "metric_mode": "NR", "score_range": "~0, ~1"},
    "clipiqa+_vitL14_512": {"metric_opts": {"type": "CLIPIQA"}, "metric_mode": "NR", "score_range": "0, 1"},
    "fid": {"metric_opts": {"type": "FID"}, "metric_mode": "NR", "lower_better": True, "score_range": "0, ~"},
}
"""
CODE = """
import numpy as np
import torch

from pyiqa.default_model_configs import DEFAULT_CONFIGS

MADE = []


class Net(torch.nn.Module):
    def __init__(self, value):
        super().__init__()
        if value is not None:
            self.weight = torch.nn.Parameter(torch.tensor([value]))


class Model(torch.nn.Module):
    def __init__(self, name):
        super().__init__()
        self.name = name
        self.net = Net(None if name in ("psnr", "ssim") else WEIGHT)

    def forward(self, target, ref=None):
        for image in (target, ref):
            assert image is None or (image.min() >= 0 and image.max() <= 1), "Input must be normalized to [0, 1]"
        if self.name == "psnr":
            return 10 * torch.log10(1 / (((target - ref) ** 2).mean() + 1e-8))
        if self.name == "ssim":
            return 1.0000001 - (target - ref).abs().mean()
        if self.name == "dists":
            return (target - ref).abs().mean()
        if self.name == "maniqa":
            top = np.random.randint(0, target.shape[-2] - 8)
            return target[..., top : top + 8, :].mean().view(1, 1)
        return 100 * target.mean()


WEIGHT = 0.5


def create_metric(name, device=None):
    MADE.append(name)
    if name == "broken":
        print('Downloading: "https://huggingface.co/w/broken.pth" to /cache/broken.pth')
        raise OSError("Name or service not known")
    print(f"Loading pretrained model {name} from /cache")
    return Model(name)
"""


def forget() -> None:
    """Drop what was imported and loaded of pyiqa."""
    catalogue._catalogue.cache_clear()
    metric._loaded.cache_clear()
    for module in [name for name in sys.modules if name.partition(".")[0] == "pyiqa"]:
        del sys.modules[module]


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, *, version: str = "9.9", weight: float = 0.5) -> None:
    """Make the package importable, with metadata as pip writes it."""
    package, metadata = folder / "pyiqa", folder / f"pyiqa-{version}.dist-info"
    for one in (package, metadata):
        one.mkdir(parents=True)
    (package / "default_model_configs.py").write_text(CONFIGS)
    (package / "__init__.py").write_text(CODE.replace("WEIGHT = 0.5", f"WEIGHT = {weight}"))
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: pyiqa\nVersion: {version}\n")
    forget()
    monkeypatch.syspath_prepend(folder)
