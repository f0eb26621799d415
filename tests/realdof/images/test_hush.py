"""Lines of C libraries stand beside no sentence of ours; everybody else's lines are passed on."""

import os
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from realdof.common.errors import InputError
from realdof.images.files import read_pixels
from realdof.images.hush import hushed

TEXTURE = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)
PICTURE = cv2.resize(TEXTURE, (320, 240), interpolation=cv2.INTER_CUBIC)


def jpeg(path: Path, zeroed: int = 0) -> Path:
    content = bytearray(cv2.imencode(".jpg", PICTURE, [cv2.IMWRITE_JPEG_QUALITY, 75])[1].tobytes())
    content[900 : 900 + zeroed] = bytes(zeroed)
    path.write_bytes(content)
    return path


def test_their_lines_are_caught_and_others_are_passed_on(capfd: pytest.CaptureFixture[str]) -> None:
    with hushed() as said:
        os.write(2, b"libpng warning: iCCP: known incorrect sRGB profile\nours\n")
        os.write(2, b"Corrupt JPEG data: premature end of data segment\n")
        with hushed(alone=True) as inner:
            os.write(2, b"/a/b.ARW: data corrupted at 12\nhalf")
    os.write(2, b" a line\n")
    assert capfd.readouterr().err == "ours\nhalf a line\n"
    assert inner == []
    assert [line.split(":")[0] for line in said] == ["libpng warning", "Corrupt JPEG data", "/a/b.ARW"]
    os.write(2, b"libpng error: not ours\n")
    assert "libpng" in capfd.readouterr().err, "outside of the block nothing is caught"


def test_a_jpeg_with_zeroed_bytes_inside_is_refused_without_a_line_of_libjpeg(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    read_pixels(jpeg(tmp_path / "whole.jpg"))
    with pytest.raises(InputError, match=r"zeroed\.jpg is damaged"):
        read_pixels(jpeg(tmp_path / "zeroed.jpg", 400))
    assert not capfd.readouterr().err


def test_damage_that_another_thread_reads_is_told_of_no_whole_file(tmp_path: Path) -> None:
    whole, zeroed = jpeg(tmp_path / "whole.jpg"), jpeg(tmp_path / "zeroed.jpg", 400)
    refused = []

    def read(path: Path) -> None:
        for _ in range(60):
            try:
                read_pixels(path)
            except InputError:
                refused.append(path)

    threads = [threading.Thread(target=read, args=(path,)) for path in (whole, zeroed, whole, zeroed)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "threads wait for each other"
    assert refused == [zeroed] * 120
