"""Every command in the README and in docs/ runs, in its page's order, as a reader would type it."""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SET_UP = 2
"""The README's first two commands install and test; CI runs them itself."""


def commands(page: Path) -> list[str]:
    """The lines of a page's bash blocks."""
    blocks = re.findall(r"^```bash\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


PAGES = {
    page.relative_to(ROOT).as_posix(): commands(page)
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
}
PAGES["README.md"] = PAGES["README.md"][SET_UP:]


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page, lines in PAGES.items() if lines])
def test_every_command_of_the_page_runs(page: str, tmp_path: Path) -> None:
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for line in PAGES[page]:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", line],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"


def test_readme_opens_with_the_two_commands_that_set_up_everything() -> None:
    install, test = commands(ROOT / "README.md")[:SET_UP]
    assert "pip install" in install
    assert install.endswith("ifan-bench run --method ifan --dataset sample")
    assert test.endswith("pytest")


def test_the_site_builds_without_a_broken_link(tmp_path: Path) -> None:
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    assert (tmp_path / "tutorial" / "index.html").is_file()


def test_committed_text_names_no_path_of_the_machine_it_was_written_on() -> None:
    for page in PAGES:
        assert not re.search(r"/(work|root|home)/", (ROOT / page).read_text(encoding="utf-8")), page


@pytest.mark.slow
def test_the_examples_of_the_page_on_python_run_in_its_order(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "how-to" / "notebook.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 3
    asked = "assert scores.keys() == {'psnr', 'ssim', 'mae', 'lpips'}; assert len(frame) == 10"
    done = subprocess.run(
        [sys.executable, "-c", "\n".join([*blocks, asked])], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


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
