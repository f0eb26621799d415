"""Two collections of figures side by side."""

import json
from pathlib import Path
from typing import Any

Found = dict[str, str | int | float]


def compare(a: Path, b: Path) -> int:
    """Print every difference; 1 if there is any, else 0.

    A figure that B has under another name, in the same job and to the last digit, has moved and is no difference. What
    only B has is listed and is no difference either: a table may have grown.
    """
    first, second = (json.loads(path.read_text(encoding="utf-8")) for path in (a, b))
    if first["schema"] != second["schema"]:
        raise SystemExit(f"{a} and {b} were written by different versions of this script; collect both again")
    for name, value in first["machine"].items():
        if value != second["machine"].get(name):
            print(f"NOTE: {name} is {value} in A and {second['machine'].get(name)} in B")
    same = differing = 0
    for name in dict.fromkeys((*first["jobs"], *second["jobs"])):
        equal, lines = compare_jobs(first["jobs"].get(name), second["jobs"].get(name))
        same += equal
        differing += sum(not line.startswith(("moved", "new")) for line in lines)
        if lines:
            print(f"\n{name}: {equal} figures are equal")
            print(*(f"  {line}" for line in lines), sep="\n")
    print(f"\n{same} figures are equal, {differing} differ")
    return 1 if differing else 0


def compare_jobs(a: dict[str, Any] | None, b: dict[str, Any] | None) -> tuple[int, list[str]]:
    """How many figures of a job are equal, and a line on each that is not."""
    for side, job in (("A", a), ("B", b)):
        if job is None:
            return 0, [f"not collected in {side}"]
        if "failed" in job:
            return 0, [f"failed in {side}: {job['failed']}"]
    assert a is not None
    assert b is not None
    old, new = a["figures"], b["figures"]
    lines = [
        f"{name}: {old[name]} in A, {new[name]} in B" for name in old if name in new and not is_same(old, new, name)
    ]
    equal = sum(is_same(old, new, name) for name in old if name in new)
    left = {name: value for name, value in new.items() if name not in old}
    for name in (name for name in old if name not in new):
        moved = next((other for other, value in left.items() if has_moved(name, old[name], other, value)), None)
        if moved is None:
            lines.append(f"{name}: {old[name]} in A, missing in B")
        else:
            del left[moved]
            equal += 1
            lines.append(f"moved: {name} is {moved} in B")
    return equal, lines + [f"new in B: {name}: {value}" for name, value in left.items()]


def is_same(old: Found, new: Found, name: str) -> bool:
    """Whether a figure is the same to the last digit; 1 and 1.0 are."""
    return old[name] == new[name]


def has_moved(name: str, value: str | int | float, other: str, found: str | int | float) -> bool:
    """Whether two figures of different names are one that was renamed.

    Hashes and long numbers are known by their values; short ones must also have the last part of their names in common.
    """
    if value != found or isinstance(value, bool) != isinstance(found, bool):
        return False
    return len(str(value)) >= 10 or name.split()[-1].split(".")[-1] == other.split()[-1].split(".")[-1]
