"""Jobs that run methods: every family of them, every protocol, and every way of running."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from equivalence_jobs import made
from equivalence_jobs.reading import csv_rows, folder_figures, sha256, table_figures
from equivalence_jobs.workbench import Figures, Job, JobFailed, Work, prefixed

DEFAULT = "ifan-cvpr21"
PROTOCOLS = (
    "ifan-cvpr21-16bit", "dpdnet-16bit", "restormer", "drbnet", "nrknet", "aligned", "aligned-homography",
    "blur-stratified",
)  # fmt: skip
NOT_SCORES = {
    "run", "method", "weights", "dataset", "protocol", "protocol_version", "image", "name", "status", "error",
    "seconds", "peak_memory", "device", "workers", "stages",
}  # fmt: skip
"""Columns of ``results export`` that are no score of the image."""
PLACES = """
from importlib.util import find_spec
for name in ("ifan", "baselines"):
    print(*find_spec(name).submodule_search_locations, sep="\\n")
"""
SUBSET = ("chelsea_slanted", "rocket_planar", "astronaut_planar")


def exported(work: Work, results: str, dataset: str, protocol: str, method: str) -> list[dict[str, Any]]:
    """A method's rows of ``results export``, which must be those of one run."""
    text = work.bench(
        "results", "export", "--results", results, "--dataset", dataset, "--protocol", protocol, "--format", "json"
    )
    rows = [row for row in json.loads(text) if row["method"] == method]
    if len({row["run"] for row in rows}) != 1:
        raise JobFailed(f"{results} has not one run of {method} on {dataset} under {protocol}, but {len(rows)} rows")
    return rows


def run_folder(work: Work, results: str, dataset: str, protocol: str, method: str) -> Path:
    """Where that run is."""
    run = exported(work, results, dataset, protocol, method)[0]["run"]
    return work.path(results, dataset, method, run)


def run_figures(work: Work, results: str, dataset: str, protocol: str, method: str) -> Figures:
    """Every score of every image of a run, and hashes of the outputs that it kept."""
    rows = exported(work, results, dataset, protocol, method)
    found: Figures = {"images": len(rows)}
    for row in rows:
        image = row.get("image") or row["name"]
        found[f"{image} status"] = row["status"]
        found |= {
            f"{image} {name}": value
            for name, value in row.items()
            if name not in NOT_SCORES and isinstance(value, int | float | str) and value != ""
        }
    outputs = work.path(results, dataset, method, rows[0]["run"], "outputs")
    return found | (prefixed("output", folder_figures(outputs, "*.png")) if outputs.is_dir() else {"outputs": 0})


def run(
    method: str,
    *words: object,
    results: str = "results",
    dataset: str = "sample",
    protocol: str = DEFAULT,
    called: str | None = None,
    prepare: Callable[[Work], list[object]] | None = None,
) -> Callable[[Work], Figures]:
    """``ifan-bench run`` as a job.

    Parameters
    ----------
    words
        More options.
    called
        The method's name in results, if it is not that of the command line.
    prepare
        Makes files, and returns options that name them.
    """

    def do(work: Work) -> Figures:
        options = [*words, *(prepare(work) if prepare else [])]
        name, _, subset = dataset.partition("@")
        if subset:
            listed = made.program(work.path("made", f"{subset}.txt"), "\n".join(SUBSET) + "\n")
            options += ["--subset", listed]
        work.bench("run", "--method", method, "--dataset", name, "--protocol", protocol, "--results", results, *options)
        return run_figures(work, results, dataset, protocol, called or method)

    return do


def _program(text: str, name: str, places: str) -> Callable[[Work], list[object]]:
    def prepare(work: Work) -> list[object]:
        path = made.program(work.path("made", f"{name}.py"), text)
        return ["--exec", f"{sys.executable} {path} {places}", "--name", name]

    return prepare


def _spandrel(name: str) -> Callable[[Work], list[object]]:
    def prepare(work: Work) -> list[object]:
        folder = work.path("made", "spandrel")
        path = folder / f"{name}.safetensors"
        if not path.exists():
            made.spandrel_networks(folder)
        return ["--weights", path]

    return prepare


def packaged_weights(work: Work, name: str) -> Path:
    """A file of weights that comes with the package, wherever it stands in it."""
    done = subprocess.run(
        [str(work.programs / "python"), "-c", PLACES], cwd=work.folder, capture_output=True, text=True, check=True
    )
    for folder in done.stdout.splitlines():
        for path in sorted(Path(folder).rglob(name)):
            return path
    raise JobFailed(f"the package has no file {name}")


def _checkpoint(work: Work) -> list[object]:
    path = work.path("made", "ifan.pytorch")
    if not path.exists():
        made.ifan_checkpoint(path, packaged_weights(work, "ifan-synthetic.safetensors"))
    return ["--weights", path]


def _keras(channels: int) -> Callable[[Work], list[object]]:
    return lambda work: ["--weights", made.dpdnet(work.path("made", f"dpdnet-{channels}.hdf5"), channels)]


def _tensorlayer(work: Work) -> list[object]:
    return ["--weights", made.dmenet(work.path("made", "dmenet.npz"))]


def sample(work: Work) -> Figures:
    """The rendered data set, to the bit."""
    work.bench("data", "get", "sample")
    (source,) = (work.folder / "cache").rglob("sample/**/source")
    return folder_figures(source.parent, "*/*.png")


def verify(work: Work) -> Figures:
    """What ``data verify`` measures of the pairs."""
    out = work.path("tables", "verify.csv")
    work.bench("data", "verify", "sample", "--out", out)
    rows = csv_rows(out.read_text(encoding="utf-8"))
    return table_figures([{name: cell for name, cell in row.items() if name != "findings"} for row in rows])


def split(work: Work) -> Figures:
    """Which scenes ``data split`` puts where."""
    (source,) = (work.folder / "cache").rglob("sample/**/source")
    found: Figures = {}
    for seed in (0, 1):
        out = work.path("tables", f"split-{seed}")
        work.bench("data", "split", source.parent, "--out", out, "--seed", seed, "--val", 0.2, "--test", 0.3)
        for path in sorted(out.glob("*.txt")):
            names = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
            found[f"seed {seed} {path.stem}"] = " ".join(names)
    return found


def score(work: Work) -> Figures:
    """The scores of outputs that exist are those of the run that wrote them."""
    outputs = run_folder(work, "results", "sample", DEFAULT, "hyper-laplacian") / "outputs"
    work.bench("score", outputs, "--name", "scored", "--dataset", "sample", "--results", "results-score")
    return run_figures(work, "results-score", "sample", DEFAULT, "scored")


def rescore(work: Work) -> Figures:
    """Saved outputs under another protocol."""
    found: Figures = {}
    for protocol in ("aligned", "nrknet", "blur-stratified"):
        words = ("--protocol", protocol, "--of", DEFAULT, "--dataset", "sample", "--results", "results")
        work.bench("results", "rescore", "hyper-laplacian", *words)
        found |= prefixed(protocol, run_figures(work, "results", "sample", protocol, "hyper-laplacian"))
    return found


def merge(work: Work) -> Figures:
    """A results folder brought into another."""
    for source in ("results-score", "results-workers"):
        work.bench("results", "merge", source, "--results", "results-merged")
    found: Figures = {}
    for method in ("scored", "hyper-laplacian"):
        found |= prefixed(method, run_figures(work, "results-merged", "sample", DEFAULT, method))
    return found


def made_files(work: Work) -> Figures:
    """Hashes of the files that the other jobs are given, so that a difference of theirs is not sought elsewhere."""
    found = folder_figures(made.training_set(work.path("made", "training")), "**/*.png")
    texts = {"box": made.BOX_FILTER, "mean": made.MEAN_OF_VIEWS, "networks": made.NETWORKS}
    return found | {f"program {name}": sha256(text.encode()) for name, text in texts.items()}


_LIMIT = ("--limit", 3)
_FILES, _FOLDERS = "{input} {output}", "{input_dir} {output_dir}"
METHODS: dict[str, Callable[[Work], Figures]] = {
    "input": run("input"),
    "ifan": run("ifan"),
    "ifan-dual": run("ifan-dual"),
    "hyper-laplacian": run("hyper-laplacian"),
    "dpdnet-s": run("dpdnet-s"),
    "dpdnet-d": run("dpdnet-d"),
    "dpdnet-s-w16": run("dpdnet-s-w16"),
    "dpdnet-d-w16": run("dpdnet-d-w16", *_LIMIT),
    "dmenet": run("dmenet", *_LIMIT),
    "dmenet-w16": run("dmenet-w16", "--limit", 1),
    "ebdb": run("ebdb", "--limit", 2),
    "jnb": run("jnb", "--limit", 2),
    "command": run("command", called="box", prepare=_program(made.BOX_FILTER, "box", _FILES)),
    "command on folders": run(
        "command", *_LIMIT, called="box-folders", prepare=_program(made.BOX_FILTER, "box-folders", _FOLDERS)
    ),
    "command on views": run(
        "command", *_LIMIT, called="mean", prepare=_program(made.MEAN_OF_VIEWS, "mean", "{left} {right} {output}")
    ),
    "spandrel": run("spandrel", *_LIMIT, prepare=_spandrel("nafnet")),
    "spandrel on views": run("spandrel", "--limit", 1, results="results-dual", prepare=_spandrel("restormer-dual")),
    "restormer-dual": run("restormer-dual", "--limit", 1, results="results-dual", prepare=_spandrel("restormer-dual")),
    "dpdnet-s of a Keras file": run("dpdnet-s", "--limit", 1, results="results-made", prepare=_keras(3)),
    "dpdnet-d of a Keras file": run("dpdnet-d", "--limit", 1, results="results-made", prepare=_keras(6)),
    "dmenet of a TensorLayer file": run("dmenet", "--limit", 1, results="results-made", prepare=_tensorlayer),
    "ifan of a checkpoint": run("ifan", *_LIMIT, results="results-made", prepare=_checkpoint),
    "ifan on a subset": run("ifan", dataset="sample@some"),
    "hyper-laplacian on a subset": run("hyper-laplacian", dataset="sample@some"),
    "hyper-laplacian in workers": run("hyper-laplacian", "--limit", 4, "--workers", 2, results="results-workers"),
}

JOBS = (
    Job("made files", made_files),
    Job("sample", sample),
    Job("data verify", verify, ("sample",)),
    Job("data split", split, ("sample",)),
    *(Job(f"run {name}", do, ("sample",)) for name, do in METHODS.items()),
    *(Job(f"run input under {name}", run("input", protocol=name), ("sample",)) for name in PROTOCOLS),
    Job("run ifan-dual under restormer-dual", run("ifan-dual", *_LIMIT, protocol="restormer-dual"), ("sample",)),
    Job("run ifan under dpdnet-16bit", run("ifan", "--limit", 1, protocol="dpdnet-16bit"), ("sample",)),
    Job("run ebdb under ifan-cvpr21-16bit", run("ebdb", "--limit", 1, protocol="ifan-cvpr21-16bit"), ("sample",)),
    Job("score", score, ("run hyper-laplacian",)),
    Job("results rescore", rescore, ("run hyper-laplacian",)),
    Job("results merge", merge, ("score", "run hyper-laplacian in workers")),
)
