"""The method `spandrel`: a Restormer whole and in tiles, other architectures, and files that are refused."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from typer.testing import CliRunner

from baselines.spandrel.cards import restormer, restormer_dual, spandrel
from baselines.spandrel.method import SpandrelMethod
from baselines.spandrel.models import architectures
from benchmark import registry
from benchmark.checks.method import findings
from benchmark.commands.app import app
from benchmark.complexity import count
from benchmark.method import Context, Sample
from benchmark.tiling import Tiling
from realdof.common.errors import InputError
from realdof.common.machine.torchvision import declare_missing
from realdof.images.files import write_pixels


def restormer_file(path: Path, *, channels: int = 3) -> Path:
    """A file with a Restormer of random weights, much narrower than the released."""
    architectures()
    from spandrel_extra_arches.architectures.Restormer import Restormer

    torch.manual_seed(0)
    network = Restormer(
        inp_channels=channels, dim=8, num_blocks=[1, 1, 1, 1], num_refinement_blocks=1, dual_pixel_task=channels == 6
    )
    if path.suffix == ".safetensors":
        save_file(network.state_dict(), path)
    else:
        torch.save({"params": {f"module.{name}": value for name, value in network.state_dict().items()}}, path)
    return path


def loaded(path: Path) -> SpandrelMethod:
    method = spandrel.load(str(path))
    assert isinstance(method, SpandrelMethod)
    return method


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return restormer_file(tmp_path_factory.mktemp("narrow") / "restormer.safetensors")


@pytest.fixture(scope="module")
def dual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return restormer_file(tmp_path_factory.mktemp("dual") / "restormer.safetensors", channels=6)


def test_a_restormer_maps_an_image_of_any_size_as_its_network_does(narrow: Path) -> None:
    method = loaded(narrow)
    assert method.network is not None
    image = torch.rand(3, 66, 79)
    extended = torch.nn.functional.pad(image[None], (0, 1, 0, 6), mode="reflect")
    with torch.inference_mode():
        expected = method.network(extended)[0, :, :66, :79].clamp(0, 1)
    torch.testing.assert_close(method.deblur(Sample("odd", image), Context()).image, expected)
    assert expected.std() > 0.02, "an output that does not depend on the input would prove nothing"


def test_a_network_with_six_channels_is_given_the_left_view_first(dual: Path) -> None:
    method = loaded(dual)
    assert method.card.inputs == "dual"
    image, left, right = torch.rand(3, 3, 64, 72)
    with torch.inference_mode():
        expected = method.network(torch.cat([left, right])[None])[0].clamp(0, 1)  # type: ignore[misc]
    torch.testing.assert_close(method.deblur(Sample("one", image, left, right), Context()).image, expected)
    with pytest.raises(InputError, match="needs the left and the right"):
        method.deblur(Sample("one", image), Context())


@pytest.mark.parametrize("file", ["narrow", "dual"])
def test_tiles_are_deblurred_one_by_one_and_put_together(file: str, request: pytest.FixtureRequest) -> None:
    method = loaded(request.getfixturevalue(file))
    images = torch.rand(3, 3, 136, 160)
    sample = Sample("one", *images)
    whole = method.deblur(sample, Context()).image
    tiling = Tiling(96, 16)
    assert method.capabilities.can_tile
    made = method.deblur(sample, Context(tiling=tiling))
    tiled = made.image
    assert made.bands == tiling
    assert tiled.shape == whole.shape
    # Attention between channels looks at all pixels of a tile, so that tiles are not the whole to rounding.
    assert 0 < float((tiled - whole).abs().max()) < 0.2
    (first, *_) = tiling.tiles(136, 160)
    window = sample.mapped(lambda image: image[:, : first.window[0].stop, : first.window[1].stop])
    alone = method.deblur(window, Context()).image
    torch.testing.assert_close(tiled[:, : first.core[0].stop, : first.core[1].stop], alone[:, *first.inner])


@pytest.mark.parametrize("suffix", [".pth", ".ckpt"])
def test_checkpoints_of_plain_tensors_load_with_what_training_codes_wrap_them_in(narrow: Path, suffix: str) -> None:
    image = torch.rand(3, 64, 64)
    expected = loaded(narrow).deblur(Sample("one", image), Context()).image
    result = loaded(restormer_file(narrow.with_suffix(suffix))).deblur(Sample("one", image), Context()).image
    assert torch.equal(result, expected)


def test_other_architectures_load_too(tmp_path: Path) -> None:
    architectures()
    from spandrel.architectures.NAFNet import NAFNet

    torch.manual_seed(0)
    network = NAFNet(width=8, enc_blk_nums=[1, 1], middle_blk_num=1, dec_blk_nums=[1, 1])
    save_file(network.state_dict(), tmp_path / "naf.safetensors")
    method = loaded(tmp_path / "naf.safetensors")
    assert "NAFNet" in method.card.summary
    image = torch.rand(3, 65, 71)
    assert method.deblur(Sample("one", image), Context()).image.shape == image.shape


class Malicious:
    """A pickle that makes a file when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".ckpt", ".pytorch", ".bin"])
@pytest.mark.parametrize("zipped", [True, False], ids=["as torch saves it", "plain pickle"])
def test_a_file_that_would_run_code_is_refused_and_runs_none(tmp_path: Path, suffix: str, zipped: bool) -> None:
    victim, path = tmp_path / "ran", tmp_path / f"weights{suffix}"
    if zipped:
        torch.save({"params": Malicious(victim)}, path)
    else:
        path.write_bytes(pickle.dumps({"params": Malicious(victim)}))
    with pytest.raises(InputError, match="holds more than that"):
        spandrel.load(str(path))
    assert not victim.exists()
    pickle.loads(pickle.dumps(Malicious(victim)))
    assert victim.exists(), "the pickle must be one that would have run"


def test_torchscript_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "script.pt"
    torch.jit.save(torch.jit.script(torch.nn.Conv2d(3, 3, 3)), path)
    with pytest.raises(InputError, match="cannot be read as a checkpoint of plain tensors"):
        spandrel.load(str(path))


def enlarging(path: Path) -> None:
    from spandrel.architectures.ESRGAN import ESRGAN

    save_file(ESRGAN(in_nc=3, out_nc=3, num_filters=8, num_blocks=1, scale=2).state_dict(), path)


def unknown(path: Path) -> None:
    save_file({"nobody.knows.this": torch.zeros(3)}, path)


def of_another_make(path: Path) -> None:
    state = dict(loaded(restormer_file(path)).network.state_dict())  # type: ignore[union-attr]
    del state["latent.0.ffn.dwconv.weight"]
    save_file(state, path)


def grey(path: Path) -> None:
    restormer_file(path, channels=4)


@pytest.mark.parametrize(
    ("write", "told"),
    [
        (enlarging, "that enlarges 2 times"),
        (unknown, "a network that spandrel does not know"),
        (of_another_make, "mistakes for another"),
        (grey, "from 4 to 3 channels"),
    ],
)
def test_networks_that_do_not_deblur_images_are_refused(tmp_path: Path, write: Any, told: str) -> None:
    architectures()
    write(tmp_path / "weights.safetensors")
    with pytest.raises(InputError, match=told):
        spandrel.load(str(tmp_path / "weights.safetensors"))


def test_weights_that_are_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="needs --weights FILE"):
        spandrel.load()
    with pytest.raises(InputError, match="no weights at"):
        spandrel.load(str(tmp_path / "none.pth"))
    (tmp_path / "weights.onnx").touch()
    with pytest.raises(InputError, match="weights for spandrel are"):
        spandrel.load(str(tmp_path / "weights.onnx"))


def test_restormers_names_tell_where_their_weights_are_and_on_what_terms() -> None:
    for factory, file in (
        (restormer, "single_image_defocus_deblurring.pth"),
        (restormer_dual, "dual_pixel_defocus_deblurring.pth"),
    ):
        assert "non-commercial" in factory.card.licence
        with pytest.raises(InputError, match=rf"put {file} from https://github.com/swz30/Restormer/releases"):
            factory.load()
        with pytest.raises(InputError, match="no synthetic weights"):
            factory.load("synthetic")


def test_restormers_names_take_their_own_network_alone(narrow: Path, dual: Path) -> None:
    assert restormer.load(str(narrow)).card.name == "restormer"
    assert restormer_dual.load(str(dual)).card.inputs == "dual"
    with pytest.raises(InputError, match="holds Restormer with 6 channels, restormer is Restormer with 3"):
        restormer.load(str(dual))
    with pytest.raises(InputError, match="restormer-dual is Restormer with 6"):
        restormer_dual.load(str(narrow))


def test_the_method_passes_the_harness_check_with_a_file(narrow: Path) -> None:
    factory = registry.method("spandrel")
    assert [found for found in findings("spandrel", factory, str(narrow), "cpu") if found.problem] == []


def test_a_run_counts_and_names_the_network_of_its_weights(narrow: Path, tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (72, 80, 3)).astype(np.uint8)
    for side in ("source", "target"):
        write_pixels(tmp_path / "data" / side / "one.png", pixels)
    words = ["run", "--method", "spandrel", "--weights", str(narrow), "--dataset", "folder", "--metrics", "psnr"]
    words += ["--root", str(tmp_path / "data"), "--results", str(tmp_path / "results")]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "Restormer (8dim, 3 channels)" in " ".join(done.output.split())
    (path,) = (tmp_path / "results").glob("folder/spandrel/*/run.json")
    counted = loaded(narrow).counted
    assert counted is not None
    assert f'"parameters": {count(counted, 64, 64).parameters}' in path.read_text()


def test_views_that_the_weights_want_are_asked_for_before_the_run(dual: Path, tmp_path: Path) -> None:
    pixels = np.zeros((72, 80, 3), np.uint8)
    for side in ("source", "target"):
        write_pixels(tmp_path / "data" / side / "one.png", pixels)
    words = ["run", "--method", "spandrel", "--weights", str(dual), "--dataset", "folder", "--metrics", "psnr"]
    words += ["--root", str(tmp_path / "data"), "--results", str(tmp_path / "results")]
    done = CliRunner().invoke(app, words)
    assert isinstance(done.exception, InputError)
    assert "needs left and right dual-pixel views" in str(done.exception)


def test_a_network_whose_work_would_be_left_out_is_not_counted(tmp_path: Path) -> None:
    architectures()
    from spandrel.architectures.SwinIR import SwinIR

    torch.manual_seed(0)
    small = {"embed_dim": 12, "depths": [1], "num_heads": [2], "window_size": 4, "upsampler": "", "upscale": 1}
    state = SwinIR(img_size=16, mlp_ratio=2, **small).state_dict()
    save_file({name: value.contiguous() for name, value in state.items()}, tmp_path / "swin.safetensors")
    method = loaded(tmp_path / "swin.safetensors")
    assert method.counted is None
    assert method.deblur(Sample("one", torch.rand(3, 64, 64)), Context()).image.shape == (3, 64, 64)


@pytest.mark.parametrize("missing", [[], ["nms"], ["nms", "qnms"]])
def test_only_what_torchvision_misses_is_declared(missing: list[str]) -> None:
    declared: list[str] = []

    def attempt() -> None:
        for name in missing:
            if name not in declared:
                raise RuntimeError(f"operator torchvision::{name} does not exist")

    declare_missing(attempt, lambda name, schema: declared.append(name))
    assert declared == missing


def test_a_torchvision_that_fails_otherwise_is_named() -> None:
    def attempt() -> None:
        raise RuntimeError("operator torchvision::roi_align does not exist")

    with pytest.raises(InputError, match="install the build of it that belongs to this torch"):
        declare_missing(attempt, lambda name, schema: None)


def test_operators_that_were_only_declared_compute_nothing() -> None:
    architectures()
    from torchvision.extension import _has_ops

    boxes, scores = torch.tensor([[0.0, 0, 2, 2], [0, 0, 2, 2]]), torch.tensor([0.9, 0.8])
    if _has_ops():
        assert torch.ops.torchvision.nms(boxes, scores, 0.5).tolist() == [0]
    else:
        with pytest.raises(NotImplementedError, match="torchvision::nms"):
            torch.ops.torchvision.nms(boxes, scores, 0.5)
