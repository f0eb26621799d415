"""Figures for a paper: what they show, and that their fonts are embedded."""

from pathlib import Path

import numpy as np
import pytest
from made_results import made_record, made_settings, make_run, open_run
from PIL import Image
from typer.testing import CliRunner

from benchmark import registry
from benchmark.commands.app import app
from benchmark.datasets.folder import PairedFolder
from benchmark.report.contents import collect
from benchmark.report.figures.canvas import COLOURS
from benchmark.report.figures.comparison import find_crops
from benchmark.report.figures.curves import _running_mean, read_log
from benchmark.report.figures.psf import TILE, UNKNOWN, psf_picture, sigma_from_maps
from benchmark.results.description import MethodFacts
from realdof.common.errors import InputError
from realdof.images.files import read_pixels, write_pixels


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two methods on three scenes; `half` takes half the error away, but adds some on `third`."""
    place = tmp_path_factory.mktemp("figures")
    random = np.random.default_rng(0)
    for name in ("first", "second", "third"):
        # Blocks, since single pixels would be taken for noise.
        target = np.kron(random.integers(6000, 60000, (24, 32, 3)), np.ones((4, 4, 1)))
        blurred = (target + np.roll(target, 1, 0) + np.roll(target, 1, 1)) / 3
        for folder, image in (("source", blurred), ("target", target)):
            write_pixels(place / "pairs" / folder / f"{name}.png", image.astype(np.uint16))
    identity = PairedFolder(place / "pairs").identity()
    version = registry.protocol("ifan-cvpr21").version
    for method, share in (("half", 0.5), ("input", 0.0)):
        settings = made_settings(method=method, dataset="folder", images=identity, count=3, protocol_version=version)
        run = open_run(place / "results", settings, method=MethodFacts(title=f"The {method}", inputs="single"))
        for name in ("first", "second", "third"):
            source, target = (
                read_pixels(place / "pairs" / role / f"{name}.png").astype(np.float64) for role in ("source", "target")
            )
            taken = -share if name == "third" else share
            made = np.clip(source + taken * (target - source), 0, 65535).astype(np.uint16)
            write_pixels(run.own_output(name), made)
            run.append(made_record(name, scores={"psnr": 25 + 4 * taken, "ssim": 0.8}, seconds=0.5 + share))
        run.finish(run.summary())
    return place


def draw(place: Path, kind: str, out: Path, *options: object, status: int = 0) -> str:
    root = [] if kind in ("rate", "gains") else ["--root", place / "pairs"]
    words = ["figure", kind, place / "results", "-o", out, "--dataset", "folder", *root, *options]
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == status, done.output
    return done.output if status == 0 else str(done.exception)


@pytest.mark.parametrize(
    ("kind", "suffix"),
    [
        ("comparison", ".pdf"),
        ("comparison", ".svg"),
        ("failures", ".pdf"),
        ("blur-bands", ".svg"),
        ("psf-grid", ".pdf"),
    ],
)
def test_every_kind_is_drawn_with_its_fonts_embedded(kind: str, suffix: str, place: Path, tmp_path: Path) -> None:
    out = tmp_path / f"figure{suffix}"
    draw(place, kind, out)
    content = out.read_bytes()
    if suffix == ".pdf":
        assert content.startswith(b"%PDF")
        assert b"/FontFile2" in content
        assert b"/Type3" not in content
    else:
        assert b"<svg" in content
        assert b"font-family" not in content


def test_crops_by_hand_are_framed_in_their_colours(place: Path, tmp_path: Path) -> None:
    draw(place, "comparison", tmp_path / "f.png", "--images", "first", "--crop", "8,8,32,24", "--crop", "64,40,32,24")
    seen = np.asarray(Image.open(tmp_path / "f.png").convert("RGB")).reshape(-1, 3).astype(int)
    for colour in ((230, 159, 0), (86, 180, 233)):
        assert (np.abs(seen - colour).max(axis=1) < 12).sum() > 200, colour


def test_crops_are_found_where_two_pictures_differ_and_do_not_overlap() -> None:
    one = np.zeros((120, 200, 3), np.uint8)
    other = one.copy()
    other[20:40, 150:170] = 200
    other[90:100, 20:40] = 90
    first, second = find_crops(one, other)
    assert first.left <= 150
    assert first.left + first.width >= 170
    assert second.top <= 90 <= second.top + second.height
    assert second.left < 40


def test_failures_begin_with_the_scene_that_is_harmed(place: Path) -> None:
    from benchmark.report.figures.scenes import chosen_outputs, errors_of, worst_first
    from benchmark.report.opening import opener

    found = collect(place / "results", opener([str(place / "pairs")], None)).sets[0]
    outputs = chosen_outputs(found, ["half"])
    assert list(outputs) == ["half"]
    assert worst_first(errors_of(found, outputs), "half")[0] == "third"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--crop", "1,2,3"], "give LEFT,TOP,WIDTH,HEIGHT in px"),
        (["--crop", "120,90,32,24"], "leaves first, which is 128x96"),
        (["--methods", "hal"], "half"),
        (["--images", "fifth"], "first"),
        (["--methods", "quarter"], "there is no method with outputs named quarter; there are half"),
    ],
)
def test_what_cannot_be_drawn_is_one_sentence(options: list[str], sentence: str, place: Path, tmp_path: Path) -> None:
    assert sentence in draw(place, "comparison", tmp_path / "f.pdf", *options, status=1)
    assert not (tmp_path / "f.pdf").exists()


def test_methods_have_their_titles_as_names_or_their_words_with_weights(place: Path) -> None:
    from benchmark.report.figures.scenes import chosen_entrants
    from benchmark.report.opening import opener

    board = collect(place / "results", opener([str(place / "pairs")], None)).boards[0]
    (short,), (full,) = (chosen_entrants(board, ["half"], names) for names in ("short", "full"))
    assert (short.label, full.label) == ("The half", "half")


@pytest.mark.parametrize("kind", ["rate", "gains"])
def test_plots_of_records_need_no_images(kind: str, place: Path, tmp_path: Path) -> None:
    draw(place, kind, tmp_path / "figure.svg")
    assert b"<svg" in (tmp_path / "figure.svg").read_bytes()


def test_gains_ask_for_a_run_of_the_input(tmp_path: Path) -> None:
    make_run(tmp_path / "results", "net", 25.0)
    words = ["figure", "gains", str(tmp_path / "results"), "-o", str(tmp_path / "f.svg"), "--dataset", "dpdd"]
    done = CliRunner().invoke(app, words)
    assert "ifan-bench run --method input --dataset dpdd" in str(done.exception)


def test_a_point_spread_function_is_a_gaussian_of_the_blur_where_it_stands() -> None:
    sigma = np.array([[1.0, 4.0], [np.nan, 2.0]])
    picture = psf_picture(sigma, 100, 100)[..., 0]
    side = TILE + 1
    tile = {
        at: picture[y : y + TILE, x : x + TILE]
        for at, y, x in (("1", 0, 0), ("4", 0, 11 * side), ("none", 11 * side, 0))
    }
    middle = TILE // 2
    assert tile["1"][middle, middle] == tile["4"][middle, middle] == 255
    assert tile["1"][middle, middle + 2] == round(255 * np.exp(-2))
    assert tile["4"][middle + 8, middle] == round(255 * np.exp(-2))
    assert (tile["none"] == UNKNOWN).all()


def test_blur_maps_from_files_are_scaled_as_told(place: Path, tmp_path: Path) -> None:
    sigma = sigma_from_maps(_maps(tmp_path, "first"), "first", (96, 128), 7.5, -0.5)
    assert sigma == pytest.approx(np.full((96, 128), 7.5 * 0.4 - 0.5))
    draw(place, "psf-grid", tmp_path / "f.png", "--images", "first", "--maps", tmp_path / "maps", "--scale", "2")
    sentence = draw(place, "psf-grid", tmp_path / "g.png", "--images", "second", "--maps", tmp_path / "maps", status=1)
    assert "has no blur map of second" in sentence


def _maps(place: Path, name: str) -> Path:
    (place / "maps").mkdir()
    np.save(place / "maps" / f"{name}.npy", np.full((96, 128), 0.4))
    return place / "maps"


LOG = """step,rate,deblur,validation
50,1e-4,0.5,
100,1e-4,0.25,psnr=24.5 ssim=0.7
"""


def test_curves_have_every_loss_and_every_figure_of_the_validation(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "log.csv").write_text(LOG)
    read = read_log(tmp_path / "mine")
    assert read.losses == {"deblur": [(50, 0.5), (100, 0.25)]}
    assert read.validated == {"psnr": [(100, 24.5)], "ssim": [(100, 0.7)]}
    done = CliRunner().invoke(app, ["figure", "curves", str(tmp_path / "mine"), "-o", str(tmp_path / "c.svg")])
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a,b\n1,2\n", "its first line has no column step"),
        (LOG + "150,1e-4,much,\n", "line 4 is no row of a log"),
        ("step,rate,deblur,validation\n", "has no rows"),
        (LOG + "150,1e-4\n", "line 4 is no row of a log"),
    ],
)
def test_what_is_no_log_of_a_training_is_said(text: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(text)
    with pytest.raises(InputError, match=sentence):
        read_log(tmp_path)


def test_a_kind_of_file_that_is_not_drawn_is_named_with_those_that_are_before_anything_is_read(tmp_path: Path) -> None:
    # The results are not read first: there are none.
    assert ".pdf" in draw(tmp_path, "comparison", tmp_path / "f.bmp", status=1)


def test_rate_leaves_out_what_has_no_cost(tmp_path: Path) -> None:
    make_run(tmp_path / "results", "net", 25.0)
    words = ["figure", "rate", str(tmp_path / "results"), "-o", str(tmp_path / "f.svg"), "--dataset", "dpdd"]
    assert CliRunner().invoke(app, words).exit_code == 0


def test_a_methods_colour_in_rate_is_that_of_the_plots_without_the_input(tmp_path: Path) -> None:
    make_run(tmp_path / "results", "input", 30.0)
    make_run(tmp_path / "results", "net", 25.0)
    words = ["figure", "rate", str(tmp_path / "results"), "-o", str(tmp_path / "f.svg"), "--dataset", "dpdd"]
    assert CliRunner().invoke(app, words).exit_code == 0
    drawn = (tmp_path / "f.svg").read_text(encoding="utf-8")
    assert COLOURS[0] in drawn
    assert COLOURS[1] not in drawn


def test_curves_of_two_trainings_are_smoothed_and_have_the_trainings_names(tmp_path: Path) -> None:
    rows = "".join(f"{step},1e-4,{step % 7},{step % 3},{step % 5},\n" for step in range(40))
    words = ["figure", "curves", "-o", str(tmp_path / "c.svg")]
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "log.csv").write_text(
            f"step,rate,deblur,reblur,disparity,validation\n{rows}41,1e-4,1,1,1,psnr=20\n"
        )
        words.append(str(tmp_path / name))
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "c.svg").stat().st_size > 10_000
    wrong = CliRunner().invoke(app, [*words, "--loss", "deblurr"])
    assert "there is no loss named deblurr; did you mean deblur?" in str(wrong.exception)


def test_a_smoothed_loss_is_the_mean_of_its_last_fifteen_values() -> None:
    assert _running_mean([3.0] * 20) == [3.0] * 20
    rising = _running_mean([float(value) for value in range(20)])
    assert rising[:3] == [0.0, 0.5, 1.0]
    assert rising[-1] == sum(range(5, 20)) / 15


@pytest.mark.parametrize("kind", ["gains", "rate"])
def test_a_method_without_runs_is_told_with_those_that_there_are(kind: str, place: Path, tmp_path: Path) -> None:
    said = draw(place, kind, tmp_path / "f.pdf", "--methods", "halff", status=1)
    assert "there is no method with runs named halff; did you mean half?" in said
