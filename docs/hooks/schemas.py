"""Writes the JSON schemas of run.json and of a record while the site is built, from the models that read them."""

import json

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from benchmark.results.description import Description
from benchmark.results.record import Record

SCHEMAS = {"run": Description, "record": Record}


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add ``reference/NAME.schema.json``, which pages link to."""
    for name, model in SCHEMAS.items():
        text = json.dumps(model.model_json_schema(mode="serialization", by_alias=True), indent=2)
        files.append(File.generated(config, f"reference/{name}.schema.json", content=text))
    return files
