"""Results folders without running anything, for tests of what reads them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmark import registry
from benchmark.metrics.card import MetricCard
from benchmark.results.description import ComplexityFacts, Environment, MethodFacts, WeightsFacts
from benchmark.results.record import Record
from benchmark.results.run import Run
from benchmark.results.settings import Settings

ENVIRONMENT = Environment(device="a processor, 2 threads", command=["ifan-bench"])


def made_record(
    name: str,
    status: str = "ok",
    scores: Mapping[str, float] | None = None,
    seconds: float | None = None,
    peak_memory: int | None = None,
    **facts: Any,
) -> Record:
    """One image's record."""
    given = {"name": name, "status": status, "scores": scores or {}, "seconds": seconds, "peak_memory": peak_memory}
    return Record.model_validate(given | facts)


def made_settings(**changes: Any) -> Settings:
    """Settings of a run on DPDD."""
    content = {
        "method": "a", "weights": None, "dataset": "dpdd", "images": "f00d", "count": 4, "protocol": "ifan-cvpr21",
        "protocol_version": 1, "dtype": "float32", "tiling": None, "device": "cpu",
    }  # fmt: skip
    return Settings.model_validate(content | changes)


def open_run(results: Path, settings: Settings, **changes: Any) -> Run:
    """A run without records."""
    facts = {
        "method": MethodFacts(title=settings.method, inputs="single"),
        "weights": None,
        "complexity": None,
        "metrics": {},
        "total": settings.count,
        "environment": ENVIRONMENT,
    }
    return Run.open(results, settings, **(facts | changes))


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
    metrics: Mapping[str, MetricCard] | None = None,
    **settings: Any,
) -> Run:
    """One run: a PSNR for each image, or one for all of 4 images; the other metrics follow from it."""
    values = [psnr] * 4 if isinstance(psnr, float) else psnr
    determinants = {
        "method": method,
        "weights": weights and f"hash of {weights}",
        "dataset": dataset,
        "images": images,
        "count": len(values) + failed,
        "protocol": protocol,
        "protocol_version": registry.protocol(protocol).version if version is None else version,
    }
    run = open_run(
        results,
        made_settings(**(determinants | settings)),
        weights=weights and WeightsFacts(name=weights, label=f"the {weights} ones", published=weights == "official"),
        complexity=ComplexityFacts(parameters=10_476_996, macs=362_872_000_000),
        total=len(values) + failed if total is None else total,
        metrics=metrics or {},
    )
    for number, value in enumerate(values):
        scores = {"psnr": value, "ssim": ssim, "mae": 10 ** (-value / 20) * 0.7, "lpips": 0.3}
        run.append(made_record(f"{number:03d}", "ok", scores, seconds))
    for number in range(len(values), len(values) + failed):
        run.append(made_record(f"{number:03d}", "failed", error="RuntimeError: no luck"))
    run.finish(run.summary())
    return run


def scattered(mean: float, count: int = 30, seed: int = 0) -> list[float]:
    """PSNRs of so many images about a mean."""
    return [float(value) for value in np.random.default_rng(seed).normal(mean, 2, count)]
