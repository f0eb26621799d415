"""A data set from the Hugging Face hub, as far as a server on this machine can stand for it."""

import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from hostile_server import Server, serving
from published_trees import CLASSES, bench, small_sets, write_tree

from benchmark.datasets.get import fetch
from benchmark.datasets.get.hub import Located, locate
from realdof.common.errors import InputError

__all__ = ["bench", "small_sets"]
pytestmark = pytest.mark.usefixtures("small_sets")


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A hub with RealDOF's archive in repositories that behave as they are named."""
    tree, path = write_tree("realdof", tmp_path / "tree"), tmp_path / "RealDOF.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(tree.rglob("*")):
            archive.write(file, file.relative_to(tree))
    monkeypatch.setattr(fetch, "PAUSE", 0.0)
    with serving(path.read_bytes()) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.address)
        yield server


@pytest.mark.parametrize(
    "words",
    [
        ("--from", "hf://someone/good/RealDOF.zip"),
        ("--mirror", "hf://datasets/someone/good@main/archives/RealDOF.zip"),
        ("--mirror", "hf://someone/gone/RealDOF.zip", "--mirror", "hf://someone/drops/RealDOF.zip"),
    ],
)
def test_a_set_is_fetched_from_the_hub_and_checked(bench, hub: Server, words: tuple[str, ...], tmp_path: Path) -> None:
    answer = bench("data", "get", "realdof", *words, "--root", tmp_path / "set")
    assert answer.status == 0, answer.err
    assert len(CLASSES["realdof"](tmp_path / "set").entries()) == 3
    pinned = [path for path, asked in hub.asked if path.startswith("/datasets") and asked != "HEAD"]
    assert all("/resolve/c0ffee" in path for path in pinned), "of one revision, whatever is pushed meanwhile"


@pytest.mark.parametrize("repository", ["refuses", "busy"])
def test_a_hub_that_fails_twice_is_asked_again(bench, hub: Server, repository: str, tmp_path: Path) -> None:
    address = f"hf://someone/{repository}/RealDOF.zip"
    answer = bench("data", "get", "realdof", "--from", address, "--root", tmp_path / "set")
    assert answer.status == 0, answer.err
    assert len(hub.looked_up(repository)) == 3


def test_a_hub_that_says_no_is_asked_once(bench, hub: Server, tmp_path: Path) -> None:
    assert bench("data", "get", "realdof", "--from", "hf://someone/gone/x.zip", "--root", tmp_path / "set").status == 2
    assert len(hub.looked_up("gone")) == 1


def test_a_broken_download_from_the_hub_goes_on_where_it_was(bench, hub: Server, tmp_path: Path) -> None:
    assert bench("data", "get", "realdof", "--from", "hf://someone/drops/x.zip", "--root", tmp_path / "set").status == 0
    offsets = [int((asked or "bytes=0-").removeprefix("bytes=").rstrip("-")) for asked in hub.ranges("drops")]
    assert len(offsets) > 3
    assert offsets == sorted(set(offsets))


@pytest.mark.parametrize(
    ("repository", "said"),
    [
        ("gone", "no such data set repository"),
        ("gated", "wants you to ask for access"),
        ("lies", "not .* as the hub tells"),
        ("page", "gave a web page"),
        ("short", "not the .* that the hub tells"),
        ("text", "no whole zip or tar archive|not the .* that the hub tells"),
    ],
)
def test_what_is_wrong_with_a_hubs_file_is_one_sentence(
    bench, hub: Server, repository: str, said: str, tmp_path: Path
) -> None:
    answer = bench("data", "get", "realdof", "--from", f"hf://someone/{repository}/x.zip", "--root", tmp_path / "set")
    assert re.search(said, answer.refusal)
    assert not (tmp_path / "set").exists()
    assert not list((tmp_path / "cache").rglob("*.sha256.json"))


@pytest.mark.parametrize(
    "address", ["hf://", "hf://someone", "hf://someone/name", "hf://someone/name/", "hf://a/b/c?x"]
)
def test_what_is_no_address_is_told(address: str) -> None:
    with pytest.raises(InputError, match="hf://OWNER/NAME/FILE"):
        locate(address, 1)


def test_other_addresses_lead_to_themselves_and_need_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    assert locate("https://our.server/x.zip", 1) == Located("https://our.server/x.zip")
    with pytest.raises(InputError, match=r"install ifan-bench\[hub\]"):
        locate("hf://someone/good/x.zip", 1)


def test_a_hub_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(InputError, match="no connection to the hub"):
        locate("hf://someone/good/x.zip", 1, pause=0)


@pytest.mark.parametrize(
    ("kind", "status", "said"),
    [
        ("RevisionNotFoundError", 404, "the repository has no such revision"),
        ("EntryNotFoundError", 404, "the repository has no such file"),
        ("HfHubHTTPError", 500, "the hub answers 500"),
        ("OfflineModeIsEnabled", None, "HF_HUB_OFFLINE is set"),
        ("TimeoutException", None, "the hub does not answer in time"),
        ("HFValidationError", None, "it is no repository's name"),
    ],
)
def test_each_error_of_the_hub_has_its_reason(
    kind: str, status: int | None, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    error = type(kind, (OSError,), {})()
    error.response = None if status is None else SimpleNamespace(status_code=status)

    def refuse(*words: object, **more: object) -> None:
        raise error

    monkeypatch.setattr(huggingface_hub, "get_hf_file_metadata", refuse)
    with pytest.raises(InputError, match=f"hf://someone/good/x.zip cannot be found: {said}"):
        locate("hf://someone/good/x.zip", 1, pause=0)
