"""Two collections of figures side by side."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Figure = str | int | float
LONGEST = 160
"""Characters of a figure that are printed."""


@dataclass
class Compared:
    """One job's figures in both collections.

    Parameters
    ----------
    equal
        How many figures are the same to the last digit, renamed ones among them.
    differences
        A sentence on each that is not, or on why none could be compared.
    moved
        Names of figures that B has under another name.
    new
        What only B has.
    """

    equal: int = 0
    differences: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)


def compare(a: Path, b: Path) -> int:
    """Print every difference; 1 if there is any, else 0.

    What only B has is listed and is no difference: a table may have grown. A figure that the same job of B has under
    another name is listed as moved.
    """
    first, second = (json.loads(path.read_text(encoding="utf-8")) for path in (a, b))
    if first["schema"] != second["schema"]:
        raise SystemExit(f"{a} and {b} were written by different versions of this script; collect both again")
    for name, value in first["machine"].items():
        if value != second["machine"].get(name):
            print(f"NOTE: {name} is {value} in A and {second['machine'].get(name)} in B")
    equal = differing = 0
    for name in dict.fromkeys((*first["jobs"], *second["jobs"])):
        found = compare_jobs(first["jobs"].get(name), second["jobs"].get(name))
        equal += found.equal
        differing += len(found.differences)
        if found.differences or found.moved or found.new:
            print(f"\n{name}: {found.equal} equal, {len(found.differences)} different")
            for title, lines in (("", found.differences), ("moved: ", found.moved), ("new in B: ", found.new)):
                print(*(f"  {title}{line}\n" for line in lines), sep="", end="")
    print(f"\n{equal} figures are equal, {differing} differences")
    return 1 if differing else 0


def compare_jobs(a: dict[str, Any] | None, b: dict[str, Any] | None) -> Compared:
    """Compare the figures of one job; None where it was not collected."""
    if a is None or b is None:
        return Compared(differences=[f"not collected in {'A' if a is None else 'B'}"])
    failures = [f"failed in {side}: {job['failed']}" for side, job in (("A", a), ("B", b)) if "failed" in job]
    if failures:
        uncompared = max(len(job.get("figures", ())) for job in (a, b))
        return Compared(differences=[f"{failure} ({uncompared} figures are not compared)" for failure in failures])
    old, new = a["figures"], b["figures"]
    found = Compared()
    left = {name: value for name, value in new.items() if name not in old}
    for name, value in old.items():
        if name in new:
            if value == new[name]:
                found.equal += 1
            else:
                found.differences.append(f"{name}: {short(value)} in A, {short(new[name])} in B")
        elif (moved := next((other for other in left if has_moved(name, value, other, left[other])), None)) is not None:
            del left[moved]
            found.equal += 1
            found.moved.append(f"{name} is {moved} in B")
        else:
            found.differences.append(f"{name}: {short(value)} in A, missing in B")
    found.new = [f"{name}: {short(value)}" for name, value in left.items()]
    return found


def short(value: Figure) -> str:
    """A figure as a line has room for it."""
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def has_moved(name: str, value: Figure, other: str, found: Figure) -> bool:
    """Whether two figures of different names are one that was renamed.

    A hash or a long number is recognised by its value; of a short one the last part of the name must also be the same.
    """
    if value != found or isinstance(value, bool) != isinstance(found, bool):
        return False
    return len(str(value)) >= 10 or name.split()[-1].split(".")[-1] == other.split()[-1].split(".")[-1]
