"""Jobs of ``realdof``: captures that are simulated, built into pairs, verified and run on."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

from equivalence_jobs.reading import (
    csv_rows,
    file_figures,
    folder_figures,
    html_rows,
    leaves,
    printed_rows,
    table_figures,
)
from equivalence_jobs.runs import DEFAULT, run
from equivalence_jobs.workbench import Figures, Job, Work, prefixed

BUILDS: dict[str, tuple[object, ...]] = {
    "sharp": (),
    "paper": ("--recipe", "paper"),
    "mixed": (
        "--demosaicing", "ahd", "--photometry", "mean-std", "--white-balance", "camera", "--ecc-iterations", 30,
        "--keep-stages",
    ),
    "reference": ("--photometry", "linear", "--photometry-pair", "reference", "--white-balance", "2.2,1,1.5"),
}  # fmt: skip
PAIRS = ("source/*.png", "target/*.png", "reference/*.png", "stages/**/*.png")


def captures(work: Work, name: str) -> Path:
    """The captures that are built: those of another collection if they were given."""
    return (work.captures or work.folder / "captures") / name


def simulate(name: str, *words: object) -> Job:
    """Captures and their truth."""

    def do(work: Work) -> Figures:
        out = work.path("captures", name)
        work.run("realdof", "simulate", out, *words)
        found = folder_figures(out, "**/*.ARW", "**/*.arw", "**/*.DNG", "**/*.dng", "**/*.npz")
        for path in sorted(out.rglob("truth.json")):
            truth = leaves(json.loads(path.read_text(encoding="utf-8")), words=("kind", "defocused"))
            found |= prefixed(path.parent.name, truth)
        return found

    return Job(f"realdof simulate {name}", do)


def build(name: str, of: str, recipe: str) -> Job:
    """Pairs to the bit, the figures of the manifest, and that it verifies."""

    def do(work: Work) -> Figures:
        out = work.path("built", name)
        work.run("realdof", "build", captures(work, of), out, *BUILDS[recipe])
        found = folder_figures(out, *PAIRS) | _manifest(out)
        return found | {"verify": work.run("realdof", "verify", out)[1]}

    return Job(f"realdof build {name}", do, (f"realdof simulate {of}",))


def _manifest(out: Path) -> Figures:
    found: Figures = {}
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    for scene in manifest["scenes"]:
        figures = leaves(scene, without=("inputs",), words=("verdict", "defocused_camera", "sha256", "start", "method"))
        found |= prefixed(f"scene {scene['name']}", figures)
    return found


def damaged(work: Work) -> Figures:
    """The exit status of ``verify`` for sets that something was done to."""
    whole = work.folder / "built" / "sharp"
    first = sorted((whole / "source").glob("*.png"))[0].name

    def without_target(out: Path) -> None:
        (out / "target" / first).unlink()

    def of_one_byte_more(out: Path) -> None:
        with (out / "source" / first).open("ab") as file:
            file.write(b"0")

    def with_a_stranger(out: Path) -> None:
        shutil.copyfile(out / "source" / first, out / "source" / "stranger.png")

    found: Figures = {}
    damages: tuple[Callable[[Path], None], ...] = (without_target, of_one_byte_more, with_a_stranger)
    for damage in damages:
        out = work.path("damaged", damage.__name__)
        shutil.copytree(whole, out)
        damage(out)
        found[damage.__name__] = work.run("realdof", "verify", out, statuses=(0, 1, 2))[1]
    return found


def report(work: Work) -> Figures:
    """The table of the page."""
    out = work.path("reported")
    shutil.copytree(work.folder / "built" / "sharp", out)
    work.run("realdof", "report", out)
    return table_figures(html_rows((out / "report.html").read_text(encoding="utf-8")))


def develop(work: Work) -> Figures:
    """Developed photographs, to the bit."""
    folder = captures(work, "arw") / "001" / "target"
    first, second = sorted(folder.iterdir())
    found: Figures = {}
    for name, words in {
        "plain.png": (first,),
        "plain.tiff": (second,),
        "linear.png": (first, "--linear"),
        "balanced.png": (first, "--balance-of", second),
    }.items():
        out = work.path("developed", name)
        work.run("realdof", "develop", *words, "-o", out)
        found |= prefixed(name, {"pixels": file_figures(out)["pixels"]})
    return found


def inspect(work: Work) -> Figures:
    """What files say of their shots."""
    found: Figures = {}
    for path in sorted((captures(work, "arw") / "001").rglob("*.ARW")):
        rows = printed_rows(work.run("realdof", "inspect", path)[0])
        name = path.relative_to(captures(work, "arw")).as_posix()
        found |= {f"{name} {row['what']}": row["value"] for row in rows}
    return found


def scan(work: Work) -> Figures:
    """The scenes that are proposed for loose shots."""
    loose = work.path("loose")
    loose.mkdir()
    for path in sorted(captures(work, "arw").rglob("*.ARW")):
        shutil.copyfile(path, loose / f"{'_'.join(path.relative_to(captures(work, 'arw')).parts)}")
    manifest = work.path("tables", "scan.csv")
    work.run("realdof", "scan", loose, "--manifest", manifest)
    rows = csv_rows(manifest.read_text(encoding="utf-8"))
    found: Figures = {"scenes": len(rows)}
    for at, row in enumerate(rows):
        found |= {f"{at} {column}": cell.rpartition("/")[2] for column, cell in row.items()}
    return found


def _on(name: str) -> Callable[[Work], list[object]]:
    return lambda work: ["--root", work.folder / "built" / name]


JOBS = (
    simulate("arw", "--scenes", 6, "--size", "small", "--seed", 0),
    simulate("dng", "--scenes", 2, "--size", "small", "--seed", 5, "--format", "dng", "--vignetting", "--diffraction"),
    build("sharp", "arw", "sharp"),
    build("paper", "arw", "paper"),
    build("mixed", "arw", "mixed"),
    build("reference", "arw", "reference"),
    build("dng", "dng", "sharp"),
    Job("realdof verify of damaged sets", damaged, ("realdof build sharp",)),
    Job("realdof report", report, ("realdof build sharp",)),
    Job("realdof develop", develop, ("realdof simulate arw",)),
    Job("realdof inspect", inspect, ("realdof simulate arw",)),
    Job("realdof scan", scan, ("realdof simulate arw",)),
    Job("run on realdof", run("input", dataset="realdof", prepare=_on("sharp")), ("realdof build sharp",)),
    Job(
        "run ifan on realdof",
        run("ifan", "--weights", "synthetic", dataset="realdof", prepare=_on("sharp")),
        ("realdof build sharp",),
    ),
    Job(
        "run hyper-laplacian on realdof",
        run("hyper-laplacian", dataset="realdof", prepare=_on("sharp")),
        ("realdof build sharp",),
    ),
    Job(
        "run input on realdof of the paper's recipe",
        run("input", results="results-paper", dataset="realdof", protocol=DEFAULT, prepare=_on("paper")),
        ("realdof build paper",),
    ),
)
