"""Every piece of the suite, one after the other: ``python -m tests.performance [--quick] [--only networks] [--write]``.

Forms that are compared take turns within one run. ``--write`` puts the tables into docs/performance.md.
``--device cuda`` measures the GPU's table instead, on a machine that has one.
"""

# ruff: noqa: E402
from realdof.common.machine.threads import cores, settle_threads

# As the commands do, before torch is loaded.
settle_threads()

import argparse
import json
import time
from importlib import import_module
from pathlib import Path

from tests.performance.suite.measurement import Measurement, as_json, as_table, machine, rewrite

PAGE = Path(__file__).parents[2] / "docs/performance.md"
PIECES = ("networks", "scores", "starts", "growth")
GPU = "gpu"


def main() -> None:
    """Measure, print as it goes, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--quick", action="store_true", help="small sizes and few turns: whether it works, not how fast"
    )
    parser.add_argument("--only", choices=(*PIECES, GPU), action="append", help="this piece; may be given again")
    parser.add_argument("--device", help="measure the piece gpu alone, there: cuda, or cpu to try it")
    parser.add_argument("--json", type=Path, help="also write every turn of every form here")
    parser.add_argument("--write", action="store_true", help=f"rewrite the tables of {PAGE.name}")
    options = parser.parse_args()
    if options.write and options.quick:
        parser.error("--quick measures nothing worth writing; leave out --write")
    wanted = [GPU] if options.device else options.only or PIECES
    if GPU in wanted and not options.device:
        parser.error("--only gpu needs --device")
    found: list[Measurement] = []
    tables = {}
    for at, name in enumerate(wanted, start=1):
        start, about, lines = time.perf_counter(), machine(cores()), []
        print(f"[{at}/{len(wanted)}] {name}", flush=True)
        where = {"device": options.device} if name == GPU else {}
        for line in import_module(f"tests.performance.suite.{name}").measure(options.quick, **where):
            lines.append(line)
            print(f"  {time.perf_counter() - start:5.0f} s  {line.row()}", flush=True)
        tables[name] = as_table(lines, about)
        found += lines
        if options.json:
            options.json.write_text(json.dumps({"machine": about, "found": as_json(found)}, indent=1))
    if options.write and (missing := rewrite(PAGE, tables)):
        raise SystemExit(f"{PAGE} has no place for {', '.join(missing)}")


if __name__ == "__main__":
    main()
