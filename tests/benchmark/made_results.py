"""Results folders without running anything, for tests of what reads them."""

from pathlib import Path
from typing import Any

import numpy as np

from benchmark.protocols import PROTOCOLS
from benchmark.results.run import Record, RunFolder
from benchmark.results.summary import summarise

ENVIRONMENT = {"device": "a processor, 2 threads", "command": ["ifan-bench"], "packages": {}}


def make_run(
    results: Path,
    method: str,
    psnr: list[float] | float,
    *,
    dataset: str = "dpdd",
    protocol: str = "ifan-cvpr21",
    total: int | None = None,
    weights: str | None = "official",
    images: str = "f00d",
    version: int | None = None,
    ssim: float = 0.7,
    failed: int = 0,
    seconds: float = 0.5,
    **settings: Any,
) -> RunFolder:
    """One run: a PSNR for each image, or one for all of 4 images; the other metrics follow from it."""
    values = [psnr] * 4 if isinstance(psnr, float) else psnr
    determinants = {
        "method": method, "weights": weights and f"hash of {weights}", "dataset": dataset, "images": images,
        "count": len(values) + failed, "protocol": protocol,
        "protocol_version": PROTOCOLS[protocol].version if version is None else version,
        "dtype": "float32", "tiling": None, "device": "cpu",
    } | settings  # fmt: skip
    folder = RunFolder.create(
        results,
        {
            "determinants": determinants,
            "method": {"title": method, "inputs": "single", "summary": "", "paper": ""},
            "weights": weights and {"name": weights, "label": f"the {weights} ones"},
            "complexity": {"parameters": 10_476_996, "macs": 362_872_000_000},
            "total": len(values) + failed if total is None else total,
            "environment": ENVIRONMENT,
        },
    )
    for number, value in enumerate(values):
        scores = {"psnr": value, "ssim": ssim, "mae": 10 ** (-value / 20) * 0.7, "lpips": 0.3}
        folder.add(Record(f"{number:03d}", "ok", scores, seconds))
    for number in range(len(values), len(values) + failed):
        folder.add(Record(f"{number:03d}", "failed", error="RuntimeError: no luck"))
    summary = summarise(folder.records().values(), folder.description["total"])
    folder.finish({"scores": summary.scores, "done": summary.done, "total": summary.total})
    return folder


def scattered(mean: float, count: int = 30, seed: int = 0) -> list[float]:
    """PSNRs of so many images about a mean."""
    return [float(value) for value in np.random.default_rng(seed).normal(mean, 2, count)]
