"""The checks of this repository, one session each: ``.venv/bin/nox`` runs the quick ones, ``nox --list`` names all.

Sessions use the environment that nox itself is installed in (``pip install -e '.[test]'``): nothing is installed twice.
Words after ``--`` go to pytest: ``nox -s tests -- tests/ifan -k iac``.
"""

import os
import shutil
import sys
import sysconfig
from pathlib import Path

import nox

nox.needs_version = ">=2025.2"
nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "types", "docs", "tests"]

BIN = Path(sys.executable).parent
IQA, DEMO = Path(".venv-iqa"), Path(".venv-demo")


@nox.session
def tests(session: nox.Session) -> None:
    """Run the fast tests: some five minutes on two cores."""
    session.run(BIN / "pytest", *session.posargs)


@nox.session
def slow(session: nox.Session) -> None:
    """Run the slow tests, every command of the documentation among them: some nine minutes."""
    session.run(BIN / "pytest", "-m", "slow", *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """Run the fast tests and print which branches of the four packages they take: some eight minutes."""
    session.run(BIN / "pytest", "--cov", "--cov-report=term:skip-covered", *session.posargs)


@nox.session
def iqa(session: nox.Session) -> None:
    """Test the metrics of pyiqa in an environment of their own, because pyiqa overwrites OpenCV."""
    python = _beside(session, IQA, "pyiqa>=0.1.15", "setuptools<81")
    session.run(python, "-m", "pytest", "-n", "0", "tests/benchmark/metrics/test_iqa_installed.py")


@nox.session
def demo(session: nox.Session) -> None:
    """Test the demo's page in an environment of its own, because gradio holds Pillow below 13."""
    python = _beside(session, DEMO, "gradio>=6.20,<7", free="pillow")
    session.run(python, "-m", "pytest", "-n", "0", "-m", "slow", "tests/benchmark/demo/test_page.py")


def _beside(session: nox.Session, folder: Path, *packages: str, free: str = "") -> Path:
    """The interpreter of a new environment with these packages; the constraints of CI do not bind the ``free`` one."""
    shutil.rmtree(folder, ignore_errors=True)
    session.run(sys.executable, "-m", "venv", folder)
    env = {}
    if free and (constraints := os.environ.get("PIP_CONSTRAINT")):
        lines = Path(constraints).read_text().splitlines(keepends=True)
        (folder / "constraints.txt").write_text("".join(line for line in lines if not line.startswith(f"{free}==")))
        env["PIP_CONSTRAINT"] = str(folder / "constraints.txt")
    # The packages of this environment stand behind those of the other, so that torch is not installed twice.
    site = f"lib/python{sysconfig.get_python_version()}/site-packages"
    (folder / site / "beside.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    session.run(folder / "bin" / "pip", "install", "--quiet", *packages, env=env)
    return folder / "bin" / "python"


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, formatting, what bandit knows to be dangerous, and the directions of imports."""
    session.run(BIN / "ruff", "check", ".")
    session.run(BIN / "ruff", "format", "--check", ".")
    session.run(BIN / "bandit", "-c", "pyproject.toml", "-q", "-r", "realdof", "benchmark", "ifan", "baselines")
    session.run(BIN / "lint-imports")


@nox.session
def types(session: nox.Session) -> None:
    """Check types with mypy."""
    session.run(BIN / "mypy")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation into ``site/`` and check every link in it."""
    # Not with --quiet, which hides warnings from --strict too.
    session.run(sys.executable, "-m", "mkdocs", "build", "--strict", env={"NO_MKDOCS_2_WARNING": "1"})


@nox.session
def wheel(session: nox.Session) -> None:
    """Build the wheel, try it in a bare environment with the network cut, and uninstall it."""
    session.run("bash", "tests/supply/wheel.sh", external=True)


@nox.session
def lowest(session: nox.Session) -> None:
    """Run the fast tests with the lowest versions that pyproject.toml allows."""
    session.run("bash", "tests/supply/lowest_versions.sh", *session.posargs, external=True)


@nox.session
def pythons(session: nox.Session) -> None:
    """Run the fast tests with each other Python from 3.11 to 3.13 that this machine has."""
    session.run("bash", "tests/supply/pythons.sh", *session.posargs, external=True)


@nox.session
def crosscheck(session: nox.Session) -> None:
    """Compare figures and files with other people's software; prints the table of docs/reliability.md."""
    session.run("bash", "tests/crosscheck/run.sh", sys.executable, *session.posargs, external=True)


@nox.session
def performance(session: nox.Session) -> None:
    """Measure what the suite of docs/performance.md states; `-- --quick` tries it, `-- --write` renews it."""
    session.run(sys.executable, "-m", "tests.performance", *session.posargs)
