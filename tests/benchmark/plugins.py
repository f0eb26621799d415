"""Writes packages as pip would install them, for tests of plug-ins."""

import re
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest


def install(
    folder: Path, monkeypatch: pytest.MonkeyPatch, code: str, points: Iterable[tuple[str, str, str]], name: str = "mine"
) -> Path:
    """Put a distribution with one module into a folder that Python imports from.

    Parameters
    ----------
    code
        The module's; it is called as the distribution, with ``_``.
    points
        Group without ``ifan_bench.``, name and attribute of each entry point.
    name
        Of the distribution.

    Returns
    -------
    Path
        Its metadata folder; removing that uninstalls it.
    """
    module = name.replace("-", "_")
    metadata = folder / f"{module}-1.dist-info"
    metadata.mkdir(parents=True)
    (folder / f"{module}.py").write_text(code)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    lines = [f"[ifan_bench.{group}]\n{point} = {module}:{attribute}\n" for group, point, attribute in points]
    (metadata / "entry_points.txt").write_text("\n".join(merged(lines)))
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, module, raising=False)
    return metadata


def merged(sections: Iterable[str]) -> list[str]:
    """Sections of an INI file, each heading once."""
    found: dict[str, list[str]] = {}
    for section in sections:
        heading, line = section.strip().splitlines()
        found.setdefault(heading, []).append(line)
    return [text for heading, lines in found.items() for text in (heading, *lines)]


def documented(page: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install the package that a page under docs/how-to shows in full; give its module."""
    text = (Path(__file__).parents[2] / "docs" / "how-to" / page).read_text(encoding="utf-8")
    (code,), (project,) = (
        re.findall(rf"^```{kind}(?: title=.*?)?\n(.*?)^```", text, re.M | re.S) for kind in ("python", "toml")
    )
    content = tomllib.loads(project)
    (module,) = content["tool"]["setuptools"]["py-modules"]
    points = []
    for group, named in content["project"]["entry-points"].items():
        for name, value in named.items():
            assert value.startswith(f"{module}:")
            points.append((group.removeprefix("ifan_bench."), name, value.partition(":")[2]))
    install(folder, monkeypatch, code, points, content["project"]["name"])
    assert content["project"]["name"].replace("-", "_") == module
    return folder / f"{module}.py"
