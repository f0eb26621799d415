"""The demo without its page: what it offers, what it keeps and removes, what it refuses, and what it computes."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest

from benchmark.demo.computation import Computation, Result, Task
from benchmark.demo.folder import demo_folder
from benchmark.demo.guard import Guard
from benchmark.demo.offers import offers
from benchmark.demo.pictures import PREVIEW_SIDE, preview, result_name, upright
from benchmark.demo.service import Service
from realdof.common.errors import InputError
from realdof.images.files import read_pixels, write_pixels

OFFERS = {"input": ("none",), "ifan": ("synthetic",)}


def uploaded(folder: Path, name: str = "photo.png", side: int = 72) -> Path:
    path = folder / "abc" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    write_pixels(path, np.random.default_rng(0).integers(0, 256, (side, side + 8, 3), dtype=np.uint8))
    return path


def test_only_what_is_ready_and_sees_one_image_is_offered() -> None:
    found = offers()
    assert found["input"] == ("none",)
    assert "synthetic" in found["ifan"]
    assert not {"command", "recipe", "ifan-dual", "spandrel"} & found.keys()


def test_a_method_is_offered_first_with_the_weights_that_are_named() -> None:
    assert next(iter(offers("ifan", "synthetic").items()))[1][0] == "synthetic"
    with pytest.raises(InputError, match=r"no weights at missing\.pt"):
        offers("ifan", "missing.pt")
    with pytest.raises(InputError, match="need one image"):
        offers("ifan-dual")


def test_what_a_killed_demo_left_is_removed_by_the_next_and_a_running_one_keeps_its_own(tmp_path: Path) -> None:
    abandoned = tmp_path / "abandoned"
    abandoned.mkdir()
    (abandoned / "photo.png").write_bytes(b"x")
    with demo_folder(tmp_path) as first, demo_folder(tmp_path) as second:
        assert not abandoned.exists()
        assert first.is_dir()
        assert first != second
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []


def test_a_visitor_who_leaves_leaves_nothing_unless_another_has_the_same_upload(tmp_path: Path) -> None:
    service, path = Service(tmp_path, OFFERS), uploaded(tmp_path)
    service.look("one", path)
    service.look("other", path)
    service.forget("one")
    assert path.is_file()
    service.forget("other")
    assert list(tmp_path.iterdir()) == []


def test_an_upload_that_belongs_to_nobody_is_removed_when_it_is_old(tmp_path: Path) -> None:
    old, new = uploaded(tmp_path / "a"), uploaded(tmp_path / "b")
    service = Service(tmp_path / "a", OFFERS)
    os.utime(old, (0, 0))
    service.look("one", uploaded(tmp_path / "a", "other.png"))
    assert not old.exists()
    assert new.exists()


@pytest.mark.parametrize("content", [b"hello", b"", b"\x89PNG\r\n\x1a\n" + b"\0" * 50])
def test_what_is_no_image_is_refused_by_its_name_alone_and_removed(tmp_path: Path, content: bytes) -> None:
    path = uploaded(tmp_path, "text.png")
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"^text\.png ") as refused:
        Service(tmp_path, OFFERS).look("one", path)
    assert str(tmp_path) not in str(refused.value)
    assert not path.exists()


def test_an_image_of_too_many_pixels_is_refused_before_it_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IFAN_BENCH_MEGAPIXELS", "0.001")
    with pytest.raises(InputError, match="megapixels"):
        Service(tmp_path, OFFERS).look("one", uploaded(tmp_path))


@pytest.mark.parametrize("elsewhere", ["../secret.png", "/etc/passwd"])
def test_a_path_outside_the_folder_is_no_upload(tmp_path: Path, elsewhere: str) -> None:
    folder = tmp_path / "demo"
    write_pixels(tmp_path / "secret.png", np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(InputError, match="no photograph of yours"):
        Service(folder, OFFERS).look("one", folder / elsewhere)
    assert (tmp_path / "secret.png").is_file()


def test_a_choice_that_is_not_on_offer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not on offer"):
        list(Service(tmp_path, OFFERS).deblur("one", uploaded(tmp_path), "ifan", "/etc/passwd"))


def test_a_result_has_the_size_and_depth_of_the_photograph_and_a_visitors_name_is_no_path(tmp_path: Path) -> None:
    service, path = Service(tmp_path, OFFERS), uploaded(tmp_path)
    *_, result = service.deblur("../../../escape", path, "input", "none")
    assert isinstance(result, Result)
    assert np.array_equal(read_pixels(result.full), read_pixels(path))
    assert read_pixels(result.after).shape == read_pixels(result.before).shape == (72, 80, 3)
    assert result.full.is_relative_to(tmp_path / "results")


def test_cancelling_ends_the_process_and_gives_no_result(tmp_path: Path) -> None:
    computation = Computation(Task(uploaded(tmp_path, side=1200), tmp_path / "out", "ifan", "synthetic"))
    seen = []
    for step in computation.steps():
        seen.append(step)
        computation.stop()
    assert not any(isinstance(step, Result) for step in seen)
    assert not (tmp_path / "out").exists()
    assert not computation._process.is_alive()


def test_a_process_that_is_killed_from_outside_is_told_of_in_one_sentence(tmp_path: Path) -> None:
    computation = Computation(Task(uploaded(tmp_path), tmp_path / "out", "input", None))
    computation._process.kill()
    with pytest.raises(InputError, match="exit status -9 and without a result"):
        list(computation.steps())


def test_a_demo_that_is_killed_leaves_no_computation_behind(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from benchmark.demo.computation import Computation, Task\n"
        "if __name__ == '__main__':\n"
        "    task = Task(Path(sys.argv[1]), Path(sys.argv[2]), 'ifan', 'synthetic')\n"
        "    print(Computation(task)._process.pid, flush=True); time.sleep(60)\n"
    )
    (tmp_path / "starts.py").write_text(code)
    words = [sys.executable, str(tmp_path / "starts.py"), str(uploaded(tmp_path, side=1200)), str(tmp_path / "out")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    psutil.wait_procs([child], timeout=20)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
    assert not (tmp_path / "out").exists()


def test_a_photograph_that_is_too_small_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^photo\.png has 48x40 px"):
        list(Service(tmp_path, OFFERS).deblur("one", uploaded(tmp_path, side=40), "input", "none"))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_stored_pixels_are_turned_as_opencv_turns_them(tmp_path: Path, orientation: int) -> None:
    from PIL import Image

    # Of one colour in each block, so that JPEG keeps them nearly as they are.
    pixels = np.kron(np.arange(0, 240, 40, dtype=np.uint8).reshape(2, 3), np.ones((16, 16), np.uint8))
    exif = Image.Exif()
    exif[274] = orientation
    Image.fromarray(np.repeat(pixels[..., None], 3, axis=2)).save(tmp_path / "a.jpg", quality=95, exif=exif)
    shown = cv2.imread(str(tmp_path / "a.jpg"), cv2.IMREAD_COLOR)
    turned = upright(read_pixels(tmp_path / "a.jpg"), orientation)
    assert turned.shape == shown.shape
    assert np.abs(turned.astype(int) - shown).max() <= 3


def test_a_preview_has_eight_bits_and_no_more_pixels_than_the_page_shows() -> None:
    shown = preview(np.full((100, 2 * PREVIEW_SIDE, 3), 0x8000, np.uint16))
    assert shown.shape == (50, PREVIEW_SIDE, 3)
    assert shown.dtype == np.uint8
    assert np.all(shown == 0x80)


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("photo.jpg", "photo-deblurred.png"),
        ("../../etc/passwd", "passwd-deblurred.png"),
        ("..\\..\\x.png", "x-deblurred.png"),
        ("<img src=x onerror=alert(1)>.png", "img-src-x-onerror-alert-1-deblurred.png"),
        (".png", "png-deblurred.png"),
        ("фото.png", "photograph-deblurred.png"),
    ],
)
def test_a_results_name_holds_nothing_that_a_shell_or_a_browser_understands(name: str, made: str) -> None:
    assert result_name(name) == made


async def _never(*_: object) -> None:
    raise AssertionError("the guard lets nothing through here")


def _refusal(loopback: bool = True, path: str = "/", method: str = "GET", **headers: str) -> int | None:
    given = {"host": "127.0.0.1:7860"} | {name.replace("_", "-"): value for name, value in headers.items()}
    scope = {
        "type": "http", "method": method, "path": path,
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
    }  # fmt: skip
    refused = Guard(_never, 10**6, loopback).refusal(scope)
    return None if refused is None else refused[0]


def test_the_guard_lets_the_page_itself_through() -> None:
    assert _refusal(origin="http://127.0.0.1:7860") is None
    assert _refusal(path="/gradio_api/upload", method="POST", content_length="900000") is None
    assert _refusal(loopback=False, host="lab.example:7860", origin="http://lab.example:7860") is None


def test_the_guard_refuses_other_sites_foreign_names_large_bodies_and_fetching() -> None:
    assert _refusal(origin="http://elsewhere.example") == 403
    assert _refusal(host="elsewhere.example") == 403
    assert _refusal(path="/gradio_api/upload", method="POST", content_length=str(10**9)) == 413
    assert _refusal(path="/gradio_api/upload", method="POST", content_length="x") == 413
    assert _refusal(path="/gradio_api/upload", method="POST") == 411
    assert _refusal(path="/gradio_api/file=http://elsewhere.example/a") == 404
    assert _refusal(path="/gradio_api/proxy=http://elsewhere.example/a") == 404


@pytest.mark.skipif(find_spec("gradio") is not None, reason="gradio is installed")
def test_without_gradio_one_sentence_says_how_to_get_it() -> None:
    code = "import sys; sys.argv = ['ifan-bench', 'demo']; from benchmark.commands.app import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "error: the demo needs gradio; install it with: pip install 'ifan-bench[demo]'\n"


def test_the_list_of_commands_imports_neither_gradio_nor_torch() -> None:
    code = "import sys, benchmark.commands.app; assert not {'gradio', 'torch'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True)
