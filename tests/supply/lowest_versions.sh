#!/usr/bin/env bash
# Runs the fast tests with the lowest versions that pyproject.toml allows: tests/supply/lowest_versions.sh [words for pytest]
# Takes 8 GB of disk under TMPDIR while it runs, because the lowest torch brings CUDA's libraries.
set -euo pipefail
cd "$(dirname "$0")/../.."
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

python3 -m venv "$place/uv"
"$place/uv/bin/pip" install -q uv
python3 -m venv "$place/lowest"
UV_CACHE_DIR=$place/cache "$place/uv/bin/uv" pip install -q --python "$place/lowest/bin/python" --resolution lowest-direct -e '.[test]'
rm -rf "$place/cache"
# An interpreter that crashes ends the tests: pytest-xdist would wait for ever for the last one.
"$place/lowest/bin/pytest" --max-worker-restart 0 "$@"
