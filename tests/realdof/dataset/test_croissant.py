"""Croissant metadata of a built data set, as version 1.0 of the specification wants it."""

import json
from pathlib import Path
from typing import Any

import pytest
from build_helpers import contents

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def metadata(data_set: Path) -> dict[str, Any]:
    """What was written."""
    content: dict[str, Any] = json.loads((data_set / "croissant.json").read_text())
    return content


def test_it_says_that_it_is_a_data_set_of_croissant_1_0(metadata: dict[str, Any]) -> None:
    assert metadata["@type"] == "sc:Dataset"
    assert metadata["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    assert metadata["@context"]["cr"] == "http://mlcommons.org/croissant/"
    assert metadata["description"].startswith("2 pairs")


def test_its_file_sets_hold_the_pairs_and_its_file_is_the_manifest_as_it_is(
    metadata: dict[str, Any], data_set: Path
) -> None:
    manifest, *sets = metadata["distribution"]
    assert manifest["contentUrl"] == "manifest.json"
    assert manifest["sha256"] == contents(data_set)["manifest.json"]
    found = [sorted(path.name for path in data_set.glob(files["includes"])) for files in sets]
    assert found == [["001.png", "003.png"]] * 2


def test_every_reference_within_it_leads_to_something_that_is_there(metadata: dict[str, Any]) -> None:
    files = {part["@id"] for part in metadata["distribution"]}
    fields = {field["@id"]: field for records in metadata["recordSet"] for field in records["field"]}
    assert all(field["source"]["fileSet"]["@id"] in files for field in fields.values())
    assert all(records["key"]["@id"] in fields for records in metadata["recordSet"])
    assert fields["target/file"]["references"]["field"]["@id"] in fields
