"""Tells whether two versions of the package compute the same: every score, output and table, to the last digit.

    python tests/equivalence.py collect --bin VENV/bin --out before.json
    python tests/equivalence.py collect --bin OTHER/bin --out after.json --captures before_work/captures
    python tests/equivalence.py compare before.json after.json

``collect`` drives the console scripts of an environment through a fixed list of jobs, on one thread, and writes every
figure at full precision and the SHA-256 of every output. ``compare`` lists each difference and exits with 1 if there is
one. Nothing of the package is imported, so its modules may be moved and rewritten between the two collections. Collect
both on one machine: other processors give other last bits.

Run it with the Python of an environment that has the package's dependencies. It is not part of the test suite. Times,
memory, dates, run ids and sentences are not compared.
"""

import argparse
import json
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from equivalence_jobs import networks, pairs, runs, tables
from equivalence_jobs.comparison import compare
from equivalence_jobs.workbench import Job, JobFailed, Work

SCHEMA = 1
VERSIONS = ("torch", "numpy", "scipy", "opencv-python", "scikit-image", "rawpy", "spandrel", "lightning-fabric")


JOBS = (*runs.JOBS, *pairs.JOBS, *tables.JOBS, *networks.JOBS)
"""Each after those that it needs."""


def chosen(only: list[str]) -> list[Job]:
    """The jobs whose names begin so, and those that they need; all if none is named."""
    known = {job.name: job for job in JOBS}
    every_run = [name for name in known if name.startswith(("run ", "results rescore"))]
    wanted = [name for name in known if not only or any(name.startswith(word) for word in only)]
    if not wanted:
        raise SystemExit(f"no job begins with {', '.join(only)}; there are: {', '.join(known)}")
    needed: set[str] = set()
    while wanted:
        name = wanted.pop()
        needed.add(name)
        before = (*known[name].needs, *(every_run if known[name].after_runs else ()))
        wanted += [need for need in before if need not in needed]
    return [job for job in known.values() if job.name in needed]


def collect(work: Work, out: Path, only: list[str]) -> int:
    """Do the jobs and write what they found after each; how many failed."""
    if work.folder.exists() and any(work.folder.iterdir()):
        raise SystemExit(f"{work.folder} is not empty; figures of an earlier collection must not be taken for new ones")
    work.folder.mkdir(parents=True, exist_ok=True)
    todo = chosen(only)
    found: dict[str, Any] = {}
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "programs": str(work.programs),
        "machine": machine(work),
        "jobs": found,
    }
    for at, job in enumerate(todo, 1):
        print(f"[{at}/{len(todo)}] {job.name}", end=" ", flush=True)
        began, spent = time.monotonic(), processor_seconds()
        given = "realdof simulate" if work.captures else None
        missing = [need for need in job.needs if "failed" in found[need] and not (given and need.startswith(given))]
        try:
            if missing:
                raise JobFailed(f"not done, because this failed: {', '.join(missing)}")
            found[job.name] = {"figures": job.do(work)}
            print(f"{len(found[job.name]['figures'])} figures", end=", ")
        # Whatever keeps a job from giving figures is itself a finding, and the other jobs have theirs.
        except (JobFailed, OSError, ValueError, KeyError, IndexError, subprocess.CalledProcessError) as error:
            found[job.name] = {"failed": f"{type(error).__name__}: {error}"}
            print(f"FAILED: {error}", end=", ")
        found[job.name]["seconds"] = round(time.monotonic() - began, 1)
        found[job.name]["processor_seconds"] = round(processor_seconds() - spent, 1)
        print(f"{found[job.name]['seconds']} s", flush=True)
        out.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    failed = sum("failed" in job for job in found.values())
    figures = sum(len(job.get("figures", ())) for job in found.values())
    minutes, busy = (sum(job[kind] for job in found.values()) / 60 for kind in ("seconds", "processor_seconds"))
    print(f"{figures} figures of {len(found)} jobs, {failed} of which failed: {out}")
    print(f"{minutes:.1f} min, {busy:.1f} min of a processor")
    return failed


def processor_seconds() -> float:
    """What the commands have used so far, and this script."""
    used = (resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def machine(work: Work) -> dict[str, str]:
    """What figures depend on beside the package: processor, Python and libraries."""
    program = "from importlib.metadata import version; import sys; print(*map(version, sys.argv[1:]), sep='\\n')"
    words = [str(work.programs / "python"), "-c", program, *VERSIONS]
    done = subprocess.run(words, cwd=work.folder, capture_output=True, text=True, check=True)
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith(("model", "stepping"))]
    processor = " ".join(" ".join(line.split(":")[1].split()) for line in sorted(set(models)))
    return {"processor": processor, "python": platform.python_version()} | dict(
        zip(VERSIONS, done.stdout.split(), strict=True)
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("collect", help="Do the jobs and write what they found.")
    one.add_argument("--bin", type=Path, required=True, help="The environment's bin folder.")
    one.add_argument("--out", type=Path, required=True, help="The JSON file to write.")
    one.add_argument(
        "--work", type=Path, help="An empty folder to work in; OUT without .json and with _work if not given."
    )
    one.add_argument("--only", action="append", default=[], help="Jobs whose names begin so, and what they need.")
    one.add_argument(
        "--captures", type=Path, help="Build these captures, of another collection, instead of those simulated here."
    )
    two = commands.add_parser("compare", help="List every difference; exit status 1 if there is any.")
    two.add_argument("a", type=Path)
    two.add_argument("b", type=Path)
    chosen = parser.parse_args()
    if chosen.command == "compare":
        sys.exit(compare(chosen.a, chosen.b))
    folder = chosen.work or chosen.out.with_name(f"{chosen.out.stem}_work")
    captures = chosen.captures.resolve() if chosen.captures else None
    sys.exit(1 if collect(Work(folder.resolve(), chosen.bin.resolve(), captures), chosen.out, chosen.only) else 0)


if __name__ == "__main__":
    main()
