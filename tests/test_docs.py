"""Every command and every example in the README and in docs/ runs, in its page's order, as a reader would type it."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
import typer
from nbclient import NotebookClient
from plugins import install

import benchmark.commands.app
import ifan.cli.app
import realdof.cli
from benchmark import run
from benchmark.studies.file import read_study
from realdof.images.files import read_pixels, write_pixels

ROOT = Path(__file__).parents[1]
PAGE_ON_STUDIES = ROOT / "docs" / "how-to" / "leaderboards.md"
SET_UP = 2
"""The README's first two commands install and test; CI runs them itself."""


WITHOUT_A_CLUSTER = {"docs/how-to/run-on-several-workers.md"}
"""Pages whose Python needs what no test has: a Slurm cluster."""


def blocks(page: Path, opening: str) -> list[tuple[str, ...]]:
    """The text of a page's fenced blocks whose first line matches, after the groups of the pattern."""
    found = re.finditer(rf"^```{opening}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [block.groups() for block in found]


def commands(page: Path) -> list[str]:
    """The lines of a page's bash blocks."""
    return [line for (block,) in blocks(page, "bash") for line in block.splitlines() if line.strip()]


EVERY_PAGE = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = {page.relative_to(ROOT).as_posix(): commands(page) for page in EVERY_PAGE}
PAGES["README.md"] = PAGES["README.md"][SET_UP:]
# The home page repeats commands of the README.
PAGES["docs/index.md"] = []
PYTHON = {
    page: "\n".join(block for (block,) in blocks(ROOT / page, "python"))
    for page in PAGES
    if page not in WITHOUT_A_CLUSTER
}


WHOLE_RUN = re.compile(r"ifan-bench run --method (\S+) --dataset sample(?: --weights synthetic)?")
RUNS = Path("results", "sample")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs that several pages ask for: the first page computes them, the others continue them where they ended."""
    return tmp_path_factory.mktemp("finished")


def bring(run: Path, place: Path) -> None:
    """Copy a method's only run to a place that has none."""
    if run.is_dir() and len(list(run.iterdir())) == 1 and not place.exists():
        shutil.copytree(run, place)


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if PAGES[page] or PYTHON.get(page)])
def test_every_command_and_example_of_the_page_runs(page: str, tmp_path: Path, finished: Path) -> None:
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for name, text in blocks(ROOT / page, r'\w+ title="([\w.-]+)"'):
        (tmp_path / name).write_text(text, encoding="utf-8")
    lines = [["bash", "-euo", "pipefail", "-c", line] for line in PAGES[page]]
    if PYTHON.get(page):
        lines.append([sys.executable, "-c", PYTHON[page]])
    for line in lines:
        method = WHOLE_RUN.fullmatch(line[-1])
        if method:
            bring(finished / method[1], tmp_path / RUNS / method[1])
        done = subprocess.run(
            line, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=600
        )
        assert done.returncode == 0, f"{line[-1]}\n{done.stdout}\n{done.stderr}"
        if method:
            bring(tmp_path / RUNS / method[1], finished / method[1])


@pytest.mark.slow
def test_the_pages_own_kind_of_figure_is_drawn_from_another_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = dict(blocks(ROOT / "docs" / "how-to" / "figures.md", r'\w+ title="([\w.-]+)"'))
    ((name, place),) = tomllib.loads(files["pyproject.toml"])["project"]["entry-points"]["ifan_bench.figures"].items()
    module, _, function = place.partition(":")
    install(tmp_path / "site", monkeypatch, files[f"{module}.py"], [("figures", name, function)], module)
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    for part in ("source", "target"):
        write_pixels(tmp_path / "pairs" / part / "0.png", pixels)
    run("input", "folder", root=tmp_path / "pairs", metrics=["psnr"], results=tmp_path / "results")
    program = "from benchmark.commands.app import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "figure", name, "results", "--out", "timings.png"],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(tmp_path / "site")}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert read_pixels(tmp_path / "timings.png").std() > 0


def test_readme_opens_with_the_two_commands_that_set_up_everything() -> None:
    install, test = commands(ROOT / "README.md")[:SET_UP]
    assert "pip install" in install
    assert install.endswith("ifan-bench run --method ifan --dataset sample")
    assert test.endswith("pytest")


def test_the_home_page_gives_the_command_of_the_readme() -> None:
    install, leaderboard = commands(ROOT / "docs" / "index.md")
    assert install == commands(ROOT / "README.md")[0]
    assert leaderboard == f".venv/bin/{PAGES['README.md'][-1]}"


def test_every_kind_of_plug_in_has_a_how_to_and_a_place_in_contributing() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    how_to = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs" / "how-to").glob("*.md"))
    contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for group in project["entry-points"]:
        assert group in how_to
        assert f'[project.entry-points."{group}"]' in contributing


class Addresses(HTMLParser):
    """What a page of the site fetches when it is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        if tag in {"script", "img", "iframe", "source", "video"} and facts.get("src"):
            self.fetched.append(str(facts["src"]))
        if tag == "link" and facts.get("rel") not in {"canonical", "next", "prev"} and facts.get("href"):
            self.fetched.append(str(facts["href"]))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    # In strict mode a broken link, an anchor that does not exist and a page outside the navigation are errors.
    assert built.returncode == 0, built.stderr
    return folder


@pytest.mark.slow
def test_no_page_of_the_site_fetches_anything_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 50
    for page in pages:
        addresses = Addresses()
        addresses.feed(page.read_text(encoding="utf-8"))
        assert addresses.fetched
        assert [address for address in addresses.fetched if re.match(r"(\w+:)?//", address)] == [], page


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_a_phone_or_a_laptop(site: Path, browser: Any, width: int) -> None:
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    )
    for page in sorted(site.rglob("index.html")):
        browser.get(page.as_uri())
        needed = browser.execute_script("return document.documentElement.scrollWidth")
        assert needed <= width, f"{page.relative_to(site)}: {needed} px"
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "app"),
    [("ifan-bench", benchmark.commands.app.app), ("ifan", ifan.cli.app.app), ("realdof", realdof.cli.app)],
)
def test_the_reference_has_every_option_of_every_command(site: Path, name: str, app: typer.Typer) -> None:
    page = (site / "reference" / "cli" / name / "index.html").read_text(encoding="utf-8")
    commands: dict[str, Any] = dict(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    for group in [group for group, command in commands.items() if hasattr(command, "commands")]:
        commands |= {f"{group}-{words}": command for words, command in commands.pop(group).commands.items()}
    for words, command in commands.items():
        assert f'id="{words}"' in page, words
        options = {option for parameter in command.params for option in parameter.opts if option.startswith("-")}
        for option in options - {"--help"}:
            assert re.search(rf"<code>(-\w, )?{option}\b", page), f"{words} {option}"


@pytest.mark.slow
def test_the_schema_of_a_record_is_published_with_the_site(site: Path) -> None:
    assert '"peak_memory"' in (site / "reference" / "record.schema.json").read_text(encoding="utf-8")


def test_committed_text_names_no_path_of_the_machine_it_was_written_on() -> None:
    for page in PAGES:
        assert not re.search(r"/(work|root|home)/", (ROOT / page).read_text(encoding="utf-8")), page


@pytest.mark.slow
def test_the_notebook_runs_from_its_first_cell_to_its_last(tmp_path: Path, finished: Path) -> None:
    for method in ("input", "hyper-laplacian", "ifan"):
        bring(finished / method, tmp_path / RUNS / method)
    notebook = nbformat.read(ROOT / "docs" / "notebooks" / "first_steps.ipynb", as_version=4)
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()
    said = [output.text for cell in notebook.cells for output in cell.get("outputs", []) if "text" in output]
    assert re.search(r"^ifan \{.*'psnr': ", "".join(said), re.MULTILINE)
    assert (tmp_path / "results" / "sample" / "ifan").is_dir()


@pytest.mark.slow
def test_the_examples_of_the_page_on_python_give_what_it_says(tmp_path: Path) -> None:
    asked = "assert scores.keys() == {'psnr', 'ssim', 'mae', 'lpips'}; assert len(frame) == 10"
    script = f"{PYTHON['docs/how-to/notebook.md']}\n{asked}"
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_study_that_the_page_on_leaderboards_shows_is_accepted(tmp_path: Path) -> None:
    (text,) = (text for name, text in blocks(PAGE_ON_STUDIES, r'toml title="([\w.]+)"') if name == "study.toml")
    (tmp_path / "my-pairs").mkdir()
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    study = read_study(tmp_path / "study.toml")
    assert study.formats == ("csv", "markdown", "latex")


def test_every_place_that_the_migration_page_names_exists() -> None:
    text = (ROOT / "docs" / "how-to" / "migrate.md").read_text(encoding="utf-8")
    places = [
        f"{package}.{target}"
        for package, table in re.findall(r"^### `(\w+)`\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
        for row in re.findall(r"^\| `[\w.]+` \| (`[^|]*`) \|$", table, re.MULTILINE)
        for target in re.findall(r"`([\w.]+)`", row)
    ]
    assert len(places) > 60
    assert [place for place in places if find_spec(place) is None] == []
