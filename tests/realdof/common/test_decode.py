"""A file from outside becomes a checked type, or one sentence that names file and field."""

import os
from pathlib import Path

import pytest
from pydantic import Field

from realdof.common.decode import Strict, read_json, read_toml
from realdof.common.errors import InputError


class Inner(Strict):
    share: float = Field(ge=0, le=1, allow_inf_nan=False)


class Outer(Strict):
    name: str
    parts: tuple[Inner, ...] = Field(strict=False)


def test_a_good_file_becomes_the_model_whatever_its_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"name": "x", "parts": [{"share": 0.5}]}', encoding="utf-8-sig")
    assert read_json(path, Outer, "run it again") == Outer(name="x", parts=(Inner(share=0.5),))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("null", "the whole"),
        ("[]", "the whole"),
        ('{"name": 3, "parts": []}', "name: "),
        ('{"name": "x"}', "parts: field required"),
        ('{"name": "x", "parts": [], "other": 1}', "other: "),
        ('{"name": "x", "parts": [{"share": 2}]}', r"parts\.0\.share: .*, found 2"),
        ('{"name": "x", "parts": [{"share": NaN}]}', r"parts\.0\.share: "),
        ('{"name": "x", "parts": [{"share": 1' + "0" * 5000 + "}]}", "is no JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"name": ', "is no JSON"),
        ('{"name": {"a": "' + "y" * 10_000 + '"}, "parts": []}', "name: "),
    ],
)
def test_a_wrong_file_gets_one_short_sentence_with_the_path_of_the_field(
    tmp_path: Path, content: str, expected: str
) -> None:
    path = tmp_path / "a.json"
    path.write_text(content)
    with pytest.raises(InputError, match=expected) as caught:
        read_json(path, Outer, "run it again")
    message = str(caught.value)
    assert str(path) in message
    assert message.endswith("; run it again")
    assert "\n" not in message
    assert len(message) < 600


def test_a_fifo_a_folder_and_a_missing_file_are_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "fifo", tmp_path, tmp_path / "missing"):
        with pytest.raises(InputError, match=r"no regular file|does not exist"):
            read_json(path, Outer, "run it again")


def test_toml_is_read_the_same_way(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text('name = "x"\nparts = [{share = 0.25}]\n', encoding="utf-8-sig")
    assert read_toml(path, Outer, "mend it").parts[0].share == 0.25
    path.write_text('name = "x"\nparts = [{share = "much"}]\n')
    with pytest.raises(InputError, match=r"parts\.0\.share: .*found \"much\"; mend it"):
        read_toml(path, Outer, "mend it")
