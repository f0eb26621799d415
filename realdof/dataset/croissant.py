"""Croissant metadata of a built data set: MLCommons Croissant 1.0, a JSON-LD format read by data set search engines.

It lacks licence, creator and date, which only the owner of the captures knows: add them when you publish a data set.
"""

from pathlib import Path
from typing import Any

from realdof.common.files import sha256_of, write_json
from realdof.dataset.layout import CROISSANT, MANIFEST, PAIR, Role
from realdof.dataset.manifest import Manifest

_CROISSANT_TERMS = (
    "citeAs",
    "column",
    "equivalentProperty",
    "examples",
    "extract",
    "field",
    "fileObject",
    "fileProperty",
    "fileSet",
    "format",
    "includes",
    "isLiveDataset",
    "jsonPath",
    "key",
    "md5",
    "parentField",
    "path",
    "recordSet",
    "references",
    "regex",
    "repeated",
    "replace",
    "samplingRate",
    "separator",
    "source",
    "subField",
    "transform",
)

_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    **{term: f"cr:{term}" for term in _CROISSANT_TERMS},
    "examples": {"@id": "cr:examples", "@type": "@json"},
}

_PICTURES = {
    Role.SOURCE: "The defocused images, 16-bit sRGB.",
    Role.TARGET: "The all-in-focus images, aligned with the defocused ones and matched in exposure, 16-bit sRGB.",
}


def write_croissant(out: Path, manifest: Manifest) -> None:
    """Write ``croissant.json`` of a data set whose manifest has been written."""
    write_json(out / CROISSANT, croissant(manifest, sha256_of(out / MANIFEST)))


def croissant(manifest: Manifest, manifest_sha256: str) -> dict[str, Any]:
    """Return the metadata of a data set as JSON-LD.

    Parameters
    ----------
    manifest_sha256
        SHA-256 of the manifest's file, which in turn contains the hash of every other file.
    """
    pairs = manifest.counts["accepted"] + manifest.counts["doubtful"]
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": f"realdof-{manifest_sha256[:12]}",
        "description": (
            f"{pairs} pairs of a defocused and an all-in-focus photograph of one scene, taken at once by two cameras "
            "behind a beam splitter and aligned by realdof, after the RealDOF data set."
        ),
        "url": "https://arxiv.org/abs/2108.13610",
        "version": f"{manifest.version}.0.0",
        "keywords": ["defocus deblurring", "RealDOF", "image restoration"],
        "distribution": [_manifest_file(manifest_sha256), *(_file_set(role) for role in PAIR)],
        "recordSet": [_record_set(Role.SOURCE, None), _record_set(Role.TARGET, Role.SOURCE)],
    }


def _manifest_file(sha256: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": MANIFEST,
        "name": MANIFEST,
        "description": "How each scene was aligned and matched, what is left, and the hash of every file.",
        "contentUrl": MANIFEST,
        "encodingFormat": "application/json",
        "sha256": sha256,
    }


def _file_set(role: Role) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": f"{role}-files",
        "name": f"{role}-files",
        "description": _PICTURES[role],
        "encodingFormat": "image/png",
        "includes": f"{role}/*.png",
    }


def _record_set(role: Role, joined_with: Role | None) -> dict[str, Any]:
    files = {"fileSet": {"@id": f"{role}-files"}}
    name = {
        "@type": "cr:Field",
        "@id": f"{role}/file",
        "name": "file",
        "description": "Of the same name in both folders.",
        "dataType": "sc:Text",
        "source": files | {"extract": {"fileProperty": "filename"}},
    }
    if joined_with is not None:
        name["references"] = {"field": {"@id": f"{joined_with}/file"}}
    image = {
        "@type": "cr:Field",
        "@id": f"{role}/image",
        "name": "image",
        "description": _PICTURES[role],
        "dataType": "sc:ImageObject",
        "source": files | {"extract": {"fileProperty": "content"}},
    }
    return {
        "@type": "cr:RecordSet",
        "@id": role.value,
        "name": role.value,
        "key": {"@id": f"{role}/file"},
        "field": [name, image],
    }
