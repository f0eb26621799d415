"""``ifan-bench methods``: grouped by what is needed, no wider than the terminal, and the card of one."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.text import Text
from typer.testing import CliRunner

from benchmark import registry
from benchmark.commands import terminal
from benchmark.commands.app import app
from benchmark.commands.look.method_groups import READY, REPOSITORY, WEIGHTS, grouped
from benchmark.network_card import NetworkCard
from benchmark.weight_sets import WeightSets


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], window: None) -> str:
    """The list on a machine without the authors' weights, in a terminal of 80 columns."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    terminal.print_methods(grouped())
    return Text.from_ansi(capsys.readouterr().out).plain


def sets_of(name: str) -> WeightSets:
    factory = registry.method(name)
    assert isinstance(factory, NetworkCard)
    assert factory.sets is not None
    return factory.sets


def test_the_list_fits_80_columns_and_has_every_method_in_its_group(listed: str) -> None:
    assert max(cell_len(line) for line in listed.splitlines()) <= 80
    assert set(registry.names(registry.METHODS)) - {"recipe"} <= set(re.findall(r"[^\s,:]+", listed))
    places = [listed.index(words) for words in (READY, WEIGHTS, REPOSITORY, "recipe:drbnet")]
    assert places == sorted(places)


def test_only_methods_that_run_are_marked(listed: str) -> None:
    marked = {line.split()[1] for line in listed.splitlines() if re.match(r" *✓  ", line)}
    assert marked == {one.name for one in grouped() if one.group == READY}
    assert {"input", "ifan", "dpdnet-s-w16"} <= marked
    assert not {"restormer", "ifan-n8", "spandrel", "recipe:drbnet"} & marked


def test_a_shell_reads_the_broken_command_that_gets_weights_as_one(listed: str) -> None:
    address = "https://github.com/swz30/Restormer/releases/download/v1.0/single_image_defocus_deblurring.pth"
    path = sets_of("restormer").official_path
    assert f'curl -L --create-dirs -o "{path}" "{address}"' in listed.replace("\\\n", "")


def test_a_method_whose_weights_are_here_is_ready(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert {one.name: one.group for one in grouped()}["restormer"] == WEIGHTS
    path = sets_of("restormer").official_path
    assert path is not None
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    found = next(one for one in grouped() if one.name == "restormer")
    assert (found.group, found.needs) == (READY, "official")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("restormer", ["year: 2022", "parameters: 26.13 M", "not verified: The address could not", "published, dpdd"]),
        ("recipe:drbnet", ["github.com/lingyanruan/DRBNet at bd6ab99", "to get it: git clone", "it never ran"]),
        ("nafnet", ["year: 2022", "--weights FILE"]),
    ],
)
def test_a_card_says_where_things_are_and_what_was_not_verified(name: str, said: list[str]) -> None:
    done = CliRunner().invoke(app, ["methods", name])
    assert done.exit_code == 0, done.output
    assert [words for words in said if words not in done.output] == []


def test_every_card_of_a_paper_s_method_has_its_year_and_what_could_not_be_verified() -> None:
    for one in grouped():
        if one.group == REPOSITORY or "official" in one.card.weights:
            assert one.card.year, one.name
            assert one.card.unverified, one.name
            assert one.card.address, one.name


@pytest.mark.parametrize("name", ["nafnet", "mprnet", "uformer", "restormer"])
def test_spandrel_knows_the_architecture_of_each_card(name: str) -> None:
    from baselines.spandrel.models import architectures

    factory = registry.method(name)
    assert isinstance(factory, NetworkCard)
    assert factory.shape in {support.architecture.id for support in architectures()}


def test_listing_methods_loads_no_library_that_computes(tmp_path: Path) -> None:
    program = "import sys; from benchmark.commands.app import app; app(['methods'], standalone_mode=False); "
    program += "print('loaded', sorted({'torch', 'numpy', 'cv2', 'pandas', 'scipy'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.endswith("loaded []\n")
