"""Networks in the Hugging Face convention: a folder gives back what was saved, a repository what was pushed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from fake_hub import fake_hub
from golden import CENTRE

from ifan import IFAN, VARIANTS, NetworkShape
from ifan.cli.app import app
from ifan.weights import load_network, read_weights
from realdof.common.errors import InputError


@pytest.fixture(scope="module")
def network() -> IFAN:
    torch.manual_seed(0)
    network = IFAN(NetworkShape(2, shared_taps=True)).eval().requires_grad_(False)
    network.label = "of a test"
    network.card = {"recipe": {"steps": 3}, "photographs": [{"file": "a", "licence": "CC0-1.0"}]}
    return network


@pytest.fixture(scope="module")
def folder(network: IFAN, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hub") / "network"
    network.save_pretrained(path)
    return path


def test_a_folder_gives_back_the_network_its_label_and_its_card(network: IFAN, folder: Path) -> None:
    loaded = IFAN.from_pretrained(folder)
    assert (loaded.shape, loaded.label, loaded.card) == (network.shape, network.label, network.card)
    assert torch.equal(loaded(CENTRE), network(CENTRE))
    assert not loaded.training
    assert {path.name for path in folder.iterdir()} == {"config.json", "model.safetensors", "README.md"}


def test_the_model_card_is_made_of_the_training_card(folder: Path) -> None:
    header, text = (folder / "README.md").read_text().removeprefix("---\n").split("\n---\n", 1)
    fields = dict(line.split(": ", 1) for line in header.splitlines())
    assert json.loads(fields["pipeline_tag"]) == "image-to-image"
    assert "defocus-deblurring" in json.loads(fields["tags"])
    assert "of a test" in text
    assert "    * steps: 3" in text
    assert "| a | CC0-1.0 |" in text


def test_the_folders_weights_are_weights_for_the_command_line_too(tmp_path: Path) -> None:
    variant = VARIANTS["ifan-dual"]
    ours = load_network(variant, read_weights(variant.sets.find("synthetic")))
    ours.save_pretrained(tmp_path)
    weights = read_weights(tmp_path / "model.safetensors")
    assert (weights.label, weights.card) == (ours.label, ours.card)
    assert (tmp_path / "README.md").read_text().count("CC-BY-4.0") > 3
    assert all(torch.equal(value, weights.state[name]) for name, value in ours.state_dict().items())


def test_the_command_line_writes_such_a_folder_and_replaces_none(tmp_path: Path) -> None:
    words = ["export", str(tmp_path / "shared"), "--weights", "synthetic"]
    app(words, standalone_mode=False)
    weights = read_weights(VARIANTS["ifan"].sets.find("synthetic"))
    assert IFAN.from_pretrained(tmp_path / "shared").card == weights.card
    with pytest.raises(InputError, match="--overwrite"):
        app(words, standalone_mode=False)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"filters": 3}, "does not fit"),
        ({"filters": "two"}, 'filters: input should be a valid integer, found "two"'),
        ({"dual": 1}, "dual: input should be a valid boolean, found 1"),
        ({"deblurring": "blur"}, "deblurring: input should be 'iac', 'fac' or 'blocks', found \"blur\""),
    ],
)
def test_a_configuration_that_no_network_has_is_refused(
    folder: Path, tmp_path: Path, change: dict[str, object], words: str
) -> None:
    (tmp_path / "model.safetensors").symlink_to(folder / "model.safetensors")
    config = json.loads((folder / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | change))
    with pytest.raises(InputError, match=words):
        IFAN.from_pretrained(tmp_path)


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"config\.json does not exist; give a folder of save_pretrained"):
        IFAN.from_pretrained(tmp_path)
    (tmp_path / "config.json").write_text("[]")
    with pytest.raises(InputError, match="should be an object"):
        IFAN.from_pretrained(tmp_path)
    (tmp_path / "config.json").write_text('{"architectures": ["ResNet"]}')
    with pytest.raises(InputError, match="filters: field required; give a folder of save_pretrained"):
        IFAN.from_pretrained(tmp_path)


PUSH_AND_FETCH = """
import sys

from ifan import IFAN
from realdof.common.errors import InputError

network = IFAN.from_pretrained(sys.argv[1])
try:
    IFAN.from_pretrained("owner/name")
except InputError as error:
    print("before:", error)
print("pushed:", network.push_to_hub("owner/name", private=True))
fetched = IFAN.from_pretrained("owner/name")
assert all(value.equal(fetched.state_dict()[key]) for key, value in network.state_dict().items())
assert fetched.card == network.card
"""


@pytest.mark.slow
def test_what_is_pushed_to_a_repository_is_fetched_from_it_and_then_needs_no_network(
    folder: Path, tmp_path: Path
) -> None:
    with fake_hub() as hub:
        environment = os.environ | {"HF_ENDPOINT": hub.address, "HF_HOME": str(tmp_path), "HF_TOKEN": "hf_made_up"}
        done = subprocess.run(
            [sys.executable, "-c", PUSH_AND_FETCH, folder],
            env=environment, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "before: cannot read config.json of owner/name, which is no folder here either" in done.stdout
    assert f"pushed: {hub.address}/owner/name/commit/" in done.stdout
    assert hub.made[0]["name"] == "name"
    # Releases of huggingface_hub differ in how they say it.
    assert "private" in json.dumps(hub.made[0])
    assert {name: len(content) for name, content in hub.files.items() if not name.startswith(".")} == {
        path.name: path.stat().st_size for path in folder.iterdir()
    }
    offline = environment | {"HF_HUB_OFFLINE": "1"}
    code = "from ifan import IFAN; IFAN.from_pretrained('owner/name')"
    subprocess.run([sys.executable, "-c", code], env=offline, check=True, timeout=300)
