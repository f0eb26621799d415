"""The one direction of dependency: realdof <- benchmark <- ifan, baselines (docs/explanation/design.md)."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {
    "realdof": {"realdof"},
    "benchmark": {"benchmark", "realdof"},
    "ifan": {"ifan", "benchmark", "realdof"},
    "baselines": {"baselines", "benchmark", "realdof"},
}


def imported_packages(path: Path) -> set[str]:
    """Our packages that a module imports, at the top or inside a function."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found & MAY_IMPORT.keys()


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_package_imports_only_what_the_design_allows(package: str) -> None:
    modules = sorted((ROOT / package).rglob("*.py"))
    assert modules
    wrong = {str(path): imported_packages(path) - MAY_IMPORT[package] for path in modules}
    assert not {path: names for path, names in wrong.items() if names}


def test_every_package_with_code_is_installed() -> None:
    import tomllib

    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    on_disk = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for package in MAY_IMPORT
        for path in (ROOT / package).rglob("__init__.py")
    }
    assert listed == on_disk
