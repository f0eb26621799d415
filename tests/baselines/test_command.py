"""The method `command`: any program, once an image; whatever it does wrong is recorded and the run goes on."""

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner, Result

from baselines.command.cards import command
from benchmark.commands.app import app
from benchmark.method import Context, Method, Sample
from realdof.common.errors import InputError
from realdof.images.files import read_pixels, write_pixels

COPY = "import shutil, sys; shutil.copy(*sys.argv[1:3])"


def python(code: str, *words: str) -> str:
    """A command line that runs Python code."""
    return shlex.join([sys.executable, "-c", code, *words])


def method(code: str, *words: str, timeout: float = 60.0) -> Method:
    return command.with_program(python(code, *words), None, timeout).load()


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Three pairs whose names are not in the order of their contents."""
    rng = np.random.default_rng(0)
    for name in ("b", "a", "c d"):
        sharp = rng.integers(0, 65536, (64, 72, 3)).astype(np.uint16)
        write_pixels(tmp_path / "data" / "target" / f"{name}.png", sharp)
        write_pixels(tmp_path / "data" / "source" / f"{name}.png", sharp // 2)
    return tmp_path / "data"


def run(dataset: Path, line: str, *options: str, program_of: str = "command") -> Result:
    words = ["run", "--method", program_of, "--dataset", "folder", "--root", str(dataset), "--metrics", "psnr"]
    words += ["--results", str(dataset.parent / "results"), "--exec", line, *options]
    return CliRunner().invoke(app, words)


def records_of(dataset: Path) -> dict[str, dict[str, Any]]:
    (path,) = (dataset.parent / "results").glob("folder/*/*/records.jsonl")
    return {record["name"]: record for record in map(json.loads, path.read_text().splitlines())}


def test_output_of_the_program_is_the_result_to_the_bit() -> None:
    image = torch.randint(0, 65536, (3, 64, 80), generator=torch.Generator().manual_seed(0)) / 65535
    result = method(COPY, "{input}", "{output}").deblur(Sample("one", image), Context()).image
    assert torch.equal((result * 65535).round(), (image * 65535).round())


@pytest.mark.parametrize(("depth", "dtype"), [(255, "uint8"), (65535, "uint16")])
def test_program_is_given_the_depth_that_the_protocol_reads(depth: int, dtype: str, tmp_path: Path) -> None:
    image = torch.randint(0, depth + 1, (3, 64, 80), generator=torch.Generator().manual_seed(0)) / depth
    code = f"import shutil, sys; shutil.copy(sys.argv[1], {str(tmp_path / 'seen.png')!r}); {COPY}"
    result = method(code, "{input}", "{output}").deblur(Sample("one", image), Context()).image
    assert read_pixels(tmp_path / "seen.png").dtype == dtype
    torch.testing.assert_close(result, image)


def test_program_that_asks_for_the_views_is_given_them() -> None:
    code = "import shutil, sys; assert 'left' in sys.argv[1]; shutil.copy(*sys.argv[2:4])"
    factory = command.with_program(python(code, "{left}", "{right}", "{output}"), None, 60.0)
    assert factory.card.inputs == "dual"
    image, left, right = (torch.full((3, 64, 64), grey / 255) for grey in (10, 20, 30))
    assert torch.equal(factory.load().deblur(Sample("one", image, left, right), Context()).image, right)


def test_no_shell_is_between() -> None:
    factory = command.with_program(python(COPY, "{input}", "{output}") + " ; false && > $HOME *", None, 60.0)
    image = torch.zeros(3, 64, 64)
    assert torch.equal(factory.load().deblur(Sample("one", image), Context()).image, image)


def test_run_scores_every_image_against_its_own_and_keeps_every_log(dataset: Path) -> None:
    code = "import pathlib, sys; print('saw', pathlib.Path(sys.argv[1]).name); " + COPY
    done = run(dataset, python(code, "{input}", "{output}"), "--name", "copy")
    assert done.exit_code == 0, done.output
    records = records_of(dataset)
    assert sorted(records) == ["a", "b", "c d"]
    assert all(8 < record["scores"]["psnr"] < 12 for record in records.values())
    for log in ("a", "b", "c d"):
        (path,) = dataset.parent.glob(f"results/folder/copy/*/logs/{log}.log")
        assert path.read_text() == f"saw {log}.png\n"


FAULTS = {
    "crashes": ("print('out of luck'); raise SystemExit(3)", "exit status 3; it said: out of luck"),
    "is killed": ("import os; os.kill(os.getpid(), 9)", "ended by signal 9; it said nothing"),
    "hangs": (
        "import time; print('waiting', flush=True); time.sleep(600)",
        "more than 3 s and was ended; it said: wai",
    ),
    "writes nothing": ("pass", "wrote no b.png"),
    "writes no image": ("open(sys.argv[2], 'w').write('hello')", "cannot be read"),
    "writes half an image": (
        "data = open(sys.argv[1], 'rb').read(); open(sys.argv[2], 'wb').write(data[:len(data) // 2])",
        "cannot be read",
    ),
    "writes the wrong size": (
        "import cv2; cv2.imwrite(sys.argv[2], cv2.imread(sys.argv[1], -1)[:32])",
        "wrote a b.png of 72x32 for an image of 72x64",
    ),
}


@pytest.mark.parametrize(("fault", "told"), FAULTS.values(), ids=FAULTS)
def test_what_goes_wrong_with_one_image_is_recorded_with_its_log_and_the_run_goes_on(
    dataset: Path, fault: str, told: str
) -> None:
    code = f"import sys\nif 'b.png' in sys.argv[1]:\n    {fault}\nelse:\n    {COPY}"
    done = run(dataset, python(code, "{input}", "{output}"), "--timeout", "3")
    assert done.exit_code == 1
    records = records_of(dataset)
    assert [name for name, record in sorted(records.items()) if record["status"] == "ok"] == ["a", "c d"]
    error = records["b"]["error"]
    assert told in error
    assert Path(error.rpartition("its log is ")[2]).is_file()


def test_what_a_program_that_took_too_long_had_started_is_ended_too(tmp_path: Path) -> None:
    child = "import os, pathlib, time; pathlib.Path('pid').write_text(str(os.getpid())); time.sleep(600)"
    code = (
        f"import os, subprocess, sys, time; os.chdir({str(tmp_path)!r}); "
        f"subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(600)"
    )
    with pytest.raises(RuntimeError, match="more than 3 s"):
        method(code, "{input}", "{output}", timeout=3.0).deblur(Sample("one", torch.zeros(3, 64, 64)), Context())
    pid = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and _runs(pid):
        time.sleep(0.05)
    assert not _runs(pid)


def test_a_program_and_what_it_had_started_end_with_the_run_that_is_killed(dataset: Path, tmp_path: Path) -> None:
    written = tmp_path / "pids"
    code = (
        "import os, subprocess, sys, time; child = subprocess.Popen(['sleep', '60']); "
        f"open({str(written)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}} '); time.sleep(60)"
    )
    words = ["run", "--method", "command", "--dataset", "folder", "--root", str(dataset), "--metrics", "psnr"]
    words += ["--results", str(tmp_path / "results"), "--exec", python(code, "{input}", "{output}")]
    started = subprocess.Popen([sys.executable, "-c", f"from benchmark.commands.app import app; app({words})"])
    wait_until(lambda: written.exists() and len(written.read_text().split()) == 2, seconds=60)
    pids = [int(pid) for pid in written.read_text().split()]
    assert all(_runs(pid) for pid in pids)
    started.kill()
    started.wait()
    wait_until(lambda: not any(_runs(pid) for pid in pids), seconds=10)


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_two_programs_never_share_a_run(dataset: Path) -> None:
    for extra in ("1", "2"):
        assert run(dataset, python(COPY, "{input}", "{output}", extra)).exit_code == 0
    assert len(list((dataset.parent / "results" / "folder" / "command").iterdir())) == 2


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("python run.py {input}", "must name"),
        ("python run.py {output}", "must name"),
        ("python run.py {input_dir}", "must name"),
        ("python run.py {output_dir}", "must name"),
        ("python run.py {input} {output_dir}", "files and for folders"),
        ("python run.py {input_dir} {output}", "files and for folders"),
        ("python 'run.py {input} {output}", "cannot be split"),
        ("no-such-program-anywhere {input} {output}", "there is no program no-such-program-anywhere"),
    ],
)
def test_command_lines_that_cannot_work_are_refused_before_the_run(line: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        command.with_program(line, None, 60.0)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--method", "command"], "command needs --exec"),
        (["--method", "input", "--exec", "x"], "input runs no program"),
        (["--method", "input", "--timeout", "5"], "belong to a program"),
        (["--method", "command", "--exec", f"{sys.executable} {{input}} {{output}}", "--weights", "w"], "no --weights"),
    ],
)
def test_options_that_do_not_fit_the_method_are_refused(dataset: Path, options: list[str], told: str) -> None:
    words = ["run", "--dataset", "folder", "--root", str(dataset), "--metrics", "psnr", *options]
    result = CliRunner().invoke(app, [*words, "--results", os.devnull])
    assert isinstance(result.exception, InputError)
    assert told in str(result.exception)


COPY_ALL = "import pathlib, shutil, sys; [shutil.copy(p, sys.argv[2]) for p in pathlib.Path(sys.argv[1]).iterdir()]"
FOLDERS = ("{input_dir}", "{output_dir}")


def test_a_program_for_folders_is_started_once_for_all_images(dataset: Path) -> None:
    done = run(dataset, python(f"print('started'); {COPY_ALL}", *FOLDERS), "--name", "folders")
    assert done.exit_code == 0, done.output
    records = records_of(dataset)
    assert sorted(records) == ["a", "b", "c d"]
    per_image = run(dataset, python(COPY, "{input}", "{output}"), "--name", "single")
    assert per_image.exit_code == 0, per_image.output
    for name in records:
        ours, theirs = (
            read_pixels(next(dataset.parent.glob(f"results/folder/{method}/*/outputs/{name}.png")))
            for method in ("folders", "single")
        )
        assert np.array_equal(ours, theirs)
    (log,) = dataset.parent.glob("results/folder/folders/*/logs/*")
    assert log.read_text() == "started\n"


def test_its_time_is_shared_by_the_images(dataset: Path) -> None:
    began = time.perf_counter()
    done = run(dataset, python(f"import time; time.sleep(1.5); {COPY_ALL}", *FOLDERS))
    took = time.perf_counter() - began
    assert done.exit_code == 0, done.output
    seconds = [record["seconds"] for record in records_of(dataset).values()]
    assert min(seconds) >= 0.5
    assert 1.5 <= sum(seconds) <= took


def test_a_programs_memory_is_its_own_and_not_that_of_a_larger_one_before() -> None:
    taken = []
    for megabytes in (400, 40):
        code = f"import shutil, sys, time; x = b'1' * {megabytes}_000_000; time.sleep(0.2); shutil.copy(*sys.argv[1:])"
        made = method(code, "{input}", "{output}").deblur(Sample("one", torch.zeros(3, 64, 64)), Context())
        assert made.memory is not None
        taken.append(made.memory)
    assert taken[0] > 400e6
    assert 40e6 < taken[1] < 150e6


def test_views_are_given_in_folders_of_their_own() -> None:
    code = (
        "import pathlib, shutil, sys\n"
        "left, right, out = map(pathlib.Path, sys.argv[1:])\n"
        "assert sorted(p.name for p in left.iterdir()) == sorted(p.name for p in right.iterdir())\n"
        "[shutil.copy(p, out) for p in right.iterdir()]"
    )
    factory = command.with_program(python(code, "{left_dir}", "{right_dir}", "{output_dir}"), None, 60.0)
    assert factory.card.inputs == "dual"
    samples = [
        Sample(name, *(torch.full((3, 64, 64), grey / 255) for grey in (10, 20, value)))
        for name, value in (("one", 30), ("two", 40))
    ]
    ready = factory.load()
    context = Context(upcoming=lambda: iter(samples))
    for sample in samples:
        assert sample.right is not None
        assert torch.equal(ready.deblur(sample, context).image, sample.right)


FOLDER_FAULTS = {
    "leaves one out": ("(out / 'b.png').unlink()", "wrote no b.png"),
    "writes one in the wrong size": (
        "import cv2; cv2.imwrite(str(out / 'b.png'), cv2.imread(str(out / 'b.png'), -1)[:32])",
        "wrote a b.png of 72x32 for an image of 72x64",
    ),
    "writes half of one": (
        "data = (out / 'b.png').read_bytes(); (out / 'b.png').write_bytes(data[: len(data) // 2])",
        "wrote a b.png that cannot be read",
    ),
}


@pytest.mark.parametrize(("fault", "told"), FOLDER_FAULTS.values(), ids=FOLDER_FAULTS)
def test_what_is_wrong_with_one_output_fails_that_image_alone(dataset: Path, fault: str, told: str) -> None:
    done = run(dataset, python(f"print('hello'); {COPY_ALL}; out = pathlib.Path(sys.argv[2]); {fault}", *FOLDERS))
    assert done.exit_code == 1
    records = records_of(dataset)
    assert [name for name, record in sorted(records.items()) if record["status"] == "ok"] == ["a", "c d"]
    assert f"{told}" in records["b"]["error"]
    assert "it said: hello" in records["b"]["error"]
    assert Path(records["b"]["error"].rpartition("its log is ")[2]).read_text() == "hello\n"


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("print('out of luck'); raise SystemExit(3)", "ended with exit status 3; it said: out of luck"),
        ("print('waiting', flush=True); import time; time.sleep(600)", "more than 3 s and was ended; it said: waiting"),
    ],
    ids=["crashes", "hangs"],
)
def test_a_program_that_fails_as_a_whole_fails_every_image_and_is_not_started_again(
    dataset: Path, fault: str, told: str
) -> None:
    counter = dataset.parent / "starts"
    code = f"open({str(counter)!r}, 'a').write('x'); {COPY_ALL}; {fault}"
    done = run(dataset, python(code, *FOLDERS), "--timeout", "1")
    assert done.exit_code == 1
    records = records_of(dataset)
    assert sorted(records) == ["a", "b", "c d"]
    assert all(record["status"] == "failed" and told in record["error"] for record in records.values())
    assert counter.read_text() == "x"


def test_a_run_that_continues_gives_the_program_only_what_is_left(dataset: Path) -> None:
    seen = dataset.parent / "seen"
    code = (
        f"import os\nlist_ = sorted(os.listdir(__import__('sys').argv[1]))\n"
        f"open({str(seen)!r}, 'a').write(','.join(list_) + ';')\n{COPY_ALL}\n"
        f"first = open({str(seen)!r}).read().count(';') == 1\n"
        "if first: (pathlib.Path(sys.argv[2]) / 'b.png').unlink()"
    )
    line = python(code, *FOLDERS)
    assert run(dataset, line).exit_code == 1
    assert run(dataset, line).exit_code == 0
    assert seen.read_text() == "a.png,b.png,c d.png;b.png;"


def test_workers_cannot_share_a_program_for_folders(dataset: Path) -> None:
    done = run(dataset, python(COPY_ALL, *FOLDERS), "--workers", "2")
    assert isinstance(done.exception, InputError)
    assert "leave out --workers" in str(done.exception)


def test_without_a_run_a_program_for_folders_is_given_the_one_image() -> None:
    image = torch.randint(0, 256, (3, 64, 80), generator=torch.Generator().manual_seed(0)) / 255
    torch.testing.assert_close(method(COPY_ALL, *FOLDERS).deblur(Sample("one", image), Context()).image, image)
