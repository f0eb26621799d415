"""File names and link names made from what people call their methods and images."""

import re


def slug(text: str, taken: set[str]) -> str:
    """Letters, digits and hyphens for a name, unlike any in ``taken``, which gains it.

    No two differ by case alone, since some file systems do not tell them apart.
    """
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:80] or "unnamed"
    number, found = 1, plain
    while found in taken:
        number += 1
        found = f"{plain}-{number}"
    taken.add(found)
    return found
