"""Every piece of the suite, one after the other: ``python -m tests.performance [--quick] [--only networks] [--write]``.

Forms that are compared take turns within one run. ``--write`` puts each table into docs/performance.md as soon as it is
finished. ``--device cuda`` measures the GPU's table instead, on a machine that has one.
"""

# ruff: noqa: E402
from realdof.common.machine.threads import cores, settle_threads

# As the commands do, before torch is loaded.
settle_threads()

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.performance.suite.measurement import Line, as_json, as_table, machine, rewrite
from tests.performance.suite.pieces import GPU, PIECES, head_of, measured

PAGE = Path(__file__).parents[2] / "docs/performance.md"


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
    parser.add_argument("--page", type=Path, default=PAGE, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write and options.quick and options.page == PAGE:
        parser.error("--quick measures nothing worth writing; leave out --write")
    wanted = [GPU] if options.device else options.only or list(PIECES)
    if GPU in wanted and not options.device:
        parser.error("--only gpu needs --device")
    failed: list[str] = []
    found: list[Line] = []
    start = time.perf_counter()
    for at, name in enumerate(wanted):
        print(f"[{at + 1}/{len(wanted)}] {name}, {_left(wanted, at, start, options.quick)}", flush=True)
        about, lines = machine(cores()), []
        try:
            for line in measured(name, quick=options.quick, device=options.device):
                lines.append(line)
                print(f"  {time.perf_counter() - start:5.0f} s  {line.row()}", flush=True)
        except ChildProcessError as error:
            # The other tables do not depend on it.
            print(error, file=sys.stderr)
            failed.append(name)
            continue
        except KeyboardInterrupt:
            again = " ".join(f"--only {other}" for other in [*failed, *wanted[at:]])
            raise SystemExit(f"stopped in {name}; finished tables are kept. Go on with: {again}") from None
        found += lines
        if options.json:
            told = {"machine": about, "found": [as_json(line) for line in found]}
            options.json.write_text(json.dumps(told, indent=1))
        if options.write and rewrite(options.page, {name: as_table(lines, about, head_of(name))}):
            raise SystemExit(f"{options.page} has no place for {name}")
    print(f"{time.perf_counter() - start:.0f} s in all")
    if failed:
        raise SystemExit(f"not measured: {', '.join(failed)}")


def _left(wanted: Sequence[str], at: int, start: float, quick: bool) -> str:
    """How long this piece and all that follow will take, from what earlier ones took against what was foreseen."""
    foreseen = [PIECES[name].seconds[0 if quick else 1] if name in PIECES else 120.0 for name in wanted]
    slower = (time.perf_counter() - start) / sum(foreseen[:at]) if at else 1.0
    return f"about {slower * foreseen[at] / 60:.1f} min; {slower * sum(foreseen[at:]) / 60:.0f} min left"


if __name__ == "__main__":
    main()
