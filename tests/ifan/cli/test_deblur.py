"""`ifan deblur`: what a user gets for photographs, with the shipped weights."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch

from benchmark.bands.graph import Plan
from benchmark.method import Context, Sample
from ifan.cards import CARDS
from ifan.cli.app import app
from ifan.method import IFANMethod
from ifan.network import IFAN, NetworkShape
from ifan.photographs.batch import Options, deblur_photographs
from ifan.photographs.choice import announcement, choose
from ifan.photographs.deblurring import deblur_pixels
from ifan.photographs.files import Photograph, read_photograph, write_photograph
from ifan.variants import VARIANTS
from realdof.common.errors import InputError, Stopped
from realdof.images.depth import image_from_pixels, pixels_from_image
from realdof.images.files import read_pixels, write_pixels

PHOTOGRAPH = np.ascontiguousarray(skimage.data.coffee()[100:172, 200:300])
OURS = Options(VARIANTS["ifan"], "synthetic")


@pytest.fixture(scope="module")
def method() -> IFANMethod:
    return CARDS["ifan"].load("synthetic")


def test_the_result_is_the_methods_to_the_last_bit(method: IFANMethod) -> None:
    expected = method.deblur(Sample("x", image_from_pixels(PHOTOGRAPH)), Context()).image
    assert np.array_equal(deblur_pixels(method, PHOTOGRAPH).pixels, pixels_from_image(expected, 8))


SMALL = Context(memory=8_500_000)
"""What no whole photograph fits into here."""


@pytest.mark.parametrize("bits", [8, 16])
def test_bands_give_the_pixels_and_the_maps_of_the_whole_photograph(method: IFANMethod, bits: int) -> None:
    photograph = PHOTOGRAPH if bits == 8 else PHOTOGRAPH.astype(np.uint16) * 257
    whole = deblur_pixels(method, photograph, with_maps=True)
    assert whole.disparity is not None
    assert whole.filters is not None
    assert (whole.disparity.shape, whole.filters.shape) == ((9, 13), (9, 13))
    seen: list[tuple[int, int]] = []
    plans: list[Plan] = []
    context = replace(SMALL, progress=lambda *now: seen.append(now))
    banded = deblur_pixels(method, photograph, context=context, with_maps=True, announce=plans.append)
    assert [plan.count for plan in plans] == [seen[-1][1]] == [len(seen)]
    assert plans[0].bytes < 8_500_000
    assert np.abs(banded.pixels.astype(int) - whole.pixels).max() <= 1
    np.testing.assert_allclose(banded.disparity, whole.disparity, atol=1e-5)
    np.testing.assert_allclose(banded.filters, whole.filters, rtol=1e-4, atol=1e-6)


def test_a_folder_is_deblurred_and_a_bad_file_in_it_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos, out = tmp_path / "photos", tmp_path / "out"
    write_photograph(photos / "a.jpg", Photograph(PHOTOGRAPH, orientation=1))
    write_photograph(photos / "b.tiff", Photograph(PHOTOGRAPH.astype(np.uint16) * 257, orientation=6))
    (photos / "c.png").write_bytes(b"no image")
    assert not deblur_photographs([photos], out, replace(OURS, disparity=True, filters=True))
    assert "c.png is left out" in capsys.readouterr().err
    names = {path.name for path in out.iterdir()}
    assert names == {"a.jpg", "b.tiff"} | {f"{x}-{kind}.png" for x in "ab" for kind in ("disparity", "filters")}
    result = read_photograph(out / "b.tiff")
    assert (result.pixels.dtype, result.orientation) == (np.dtype(np.uint16), 6)
    assert result.pixels.shape == PHOTOGRAPH.shape
    with pytest.raises(InputError, match="--overwrite"):
        deblur_photographs([photos], out, OURS)


def test_dual_pixel_views_change_the_result(tmp_path: Path) -> None:
    for name, shift in (("c", 0), ("l", 2), ("r", -2)):
        # 16 bits, because a network that hardly looks at the views may not change the eighth.
        write_pixels(tmp_path / f"{name}.png", np.roll(PHOTOGRAPH, shift, axis=1).astype(np.uint16) * 257)
    dual = replace(OURS, variant=VARIANTS["ifan-dual"])
    left, right = tmp_path / "l.png", tmp_path / "r.png"
    assert deblur_photographs([tmp_path / "c.png"], tmp_path / "1.png", dual, left, right)
    assert deblur_photographs([tmp_path / "c.png"], tmp_path / "2.png", dual, right, left)
    assert not np.array_equal(read_pixels(tmp_path / "1.png"), read_pixels(tmp_path / "2.png"))
    with pytest.raises(InputError, match="--variant ifan-dual"):
        deblur_photographs([tmp_path / "c.png"], tmp_path / "3.png", OURS, left, right)
    with pytest.raises(InputError, match="--left, --right"):
        deblur_photographs([tmp_path / "c.png"], tmp_path / "3.png", dual)
    write_pixels(right, PHOTOGRAPH[:64])
    with pytest.raises(InputError, match="are alike"):
        deblur_photographs([tmp_path / "c.png"], tmp_path / "3.png", dual, left, right)
    assert not (tmp_path / "3.png").exists()


def test_a_grey_photograph_comes_back_grey(tmp_path: Path) -> None:
    grey = np.repeat(PHOTOGRAPH[..., 1:2], 3, axis=2)
    write_photograph(tmp_path / "a.png", Photograph(grey, grey=True))
    assert deblur_photographs([tmp_path / "a.png"], tmp_path / "b.png", replace(OURS, precision="bfloat16"))
    assert read_photograph(tmp_path / "b.png").grey


def test_a_raw_file_becomes_a_16_bit_tiff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Developing has its own tests (tests/realdof/raw/test_develop.py); a real file of small size is not at hand.
    monkeypatch.setattr("ifan.photographs.files.develop", lambda path: PHOTOGRAPH.astype(np.uint16) * 257)
    monkeypatch.setattr("ifan.photographs.files.raw_orientation", lambda path: 8)
    (tmp_path / "DSC1.ARW").write_bytes(b"raw")
    assert deblur_photographs([tmp_path / "DSC1.ARW"], tmp_path / "out", OURS)
    result = read_photograph(tmp_path / "out" / "DSC1.tiff")
    assert (result.pixels.dtype, result.orientation) == (np.dtype(np.uint16), 8)


def test_the_command_line_reaches_all_this(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_photograph(tmp_path / "a.png", Photograph(PHOTOGRAPH))
    words = ["deblur", str(tmp_path / "a.png"), "-o", str(tmp_path / "b.png"), "--weights", "synthetic"]
    app([*words, "--memory", "8.5M"], standalone_mode=False)
    assert read_pixels(tmp_path / "b.png").shape == PHOTOGRAPH.shape
    assert "73 bands of 8 rows, 0.01 GB planned" in capsys.readouterr().err
    with pytest.raises(InputError, match="'much' is no amount of memory; give for example 4G"):
        app([*words, "--overwrite", "--memory", "much"], standalone_mode=False)


def test_a_photograph_that_the_device_has_no_room_for_is_computed_in_bands(
    method: IFANMethod, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = deblur_pixels(method, PHOTOGRAPH)

    def full(self: IFANMethod, images: list[torch.Tensor]) -> torch.Tensor:
        raise torch.OutOfMemoryError("full")

    monkeypatch.setattr(IFANMethod, "compute", full)
    banded = deblur_pixels(method, PHOTOGRAPH)
    assert np.abs(banded.pixels.astype(int) - whole.pixels).max() <= 1


def test_without_options_the_weights_are_those_that_are_here_and_one_line_says_what_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IFAN_BENCH_CACHE", str(tmp_path / "cache"))
    write_photograph(tmp_path / "a.jpg", Photograph(PHOTOGRAPH))
    app(["deblur", str(tmp_path / "a.jpg"), "-o", str(tmp_path / "sharp.webp")], standalone_mode=False)
    told = capsys.readouterr().err.splitlines()
    assert (tmp_path / "sharp.webp").is_file()
    assert sum("synthetic weights of ifan: ours, trained on rendered defocus" in line for line in told) == 1
    assert choose(None, None, dual=True)[0].name == "ifan-dual"
    official = VARIANTS["ifan"].sets.official_path
    assert official is not None
    official.parent.mkdir(parents=True)
    official.touch()
    assert choose(None, None, dual=False) == (VARIANTS["ifan"], "official")
    assert announcement(VARIANTS["ifan"], "official") is None


def test_a_file_of_weights_chooses_its_variant_itself(tmp_path: Path) -> None:
    IFAN(NetworkShape(8)).save_pretrained(tmp_path / "eight")
    weights = tmp_path / "eight" / "model.safetensors"
    write_photograph(tmp_path / "a.png", Photograph(PHOTOGRAPH))
    words = ["deblur", str(tmp_path / "a.png"), "-o", str(tmp_path / "b.png"), "--weights", str(weights)]
    app(words, standalone_mode=False)
    assert read_pixels(tmp_path / "b.png").shape == PHOTOGRAPH.shape
    with pytest.raises(InputError, match="holds another network than ifan: ifan-n8's, N = 8"):
        app([*words, "--overwrite", "--variant", "ifan"], standalone_mode=False)


def test_a_photograph_has_no_result_before_its_maps_so_that_skip_existing_never_leaves_one_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_photograph(tmp_path / "photos" / "a.png", Photograph(PHOTOGRAPH))
    words = ["deblur", str(tmp_path / "photos"), "-o", str(tmp_path / "out"), "--weights", "synthetic", "--disparity"]

    def interrupted(path: Path, pixels: np.ndarray) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr("ifan.photographs.batch.write_pixels", interrupted)
        with pytest.raises(Stopped):
            app(words, standalone_mode=False)
    app([*words, "--skip-existing"], standalone_mode=False)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a-disparity.png", "a.png"]


def test_photographs_with_a_result_are_skipped_if_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a.png", "b.png"):
        write_photograph(tmp_path / "photos" / name, Photograph(PHOTOGRAPH))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.png").write_bytes(b"done before")
    words = ["deblur", str(tmp_path / "photos"), "-o", str(tmp_path / "out"), "--weights", "synthetic"]
    with pytest.raises(InputError, match="--skip-existing"):
        app(words, standalone_mode=False)
    for left in ("1 photograph is left out", "2 photographs are left out"):
        app([*words, "--skip-existing"], standalone_mode=False)
        assert left in capsys.readouterr().err
    assert (tmp_path / "out" / "a.png").read_bytes() == b"done before"
    assert read_pixels(tmp_path / "out" / "b.png").shape == PHOTOGRAPH.shape
    with pytest.raises(InputError, match="exclude each other"):
        app([*words, "--skip-existing", "--overwrite"], standalone_mode=False)
