"""`ifan train` that is told to stop saves first."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch


def command(data: Path, out: Path, *options: str) -> list[str]:
    return [
        sys.executable, "-c", "from ifan.cli.app import main; main()", "train", "--data", str(data), "--out", str(out),
        "--variant", "ifan-n8", "--steps", "100000", "--batch", "1", "--crop", "64", "--reblurring-width", "0",
        *options,
    ]  # fmt: skip


@pytest.mark.slow
def test_sigterm_saves_and_exits_with_status_0(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    process = subprocess.Popen(command(data, out, "--save-every", "1"))
    deadline = time.monotonic() + 180
    while not (out / "last.pt").exists():
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 0
    assert torch.load(out / "last.pt", weights_only=True)["step"] >= 1
