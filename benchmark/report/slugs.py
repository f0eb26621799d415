"""Make file names and link names from the names of methods and images."""

import re


def slug(text: str, taken: set[str]) -> str:
    """Return a name of letters, digits and hyphens that is not in ``taken``, and add it there.

    All letters are in lower case, because some file systems do not distinguish case.
    """
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:80] or "unnamed"
    number, found = 1, plain
    while found in taken:
        number += 1
        found = f"{plain}-{number}"
    taken.add(found)
    return found
