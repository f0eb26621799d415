#!/usr/bin/env bash
# Compares with everything that Debian and the package index have: tests/crosscheck/run.sh PYTHON [words for pytest]
# PYTHON has this project with its extra test. As root on Debian it installs the programs; otherwise what is absent is
# left out and named. TensorFlow gets an environment of its own, because it brings another NumPy (2 GB of disk).
set -euo pipefail
python=$(realpath -s "${1:-.venv/bin/python}")
shift || true
cd "$(dirname "$0")/../.."
if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends libraw-bin libimage-exiftool-perl octave octave-image >/dev/null
fi
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
"$python" -m venv "$place/tensorflow"
# It needs other versions than the rest, so CI's own do not bind it.
env -u PIP_CONSTRAINT "$place/tensorflow/bin/pip" install -q tensorflow-cpu tf_keras
IFAN_BENCH_TENSORFLOW=$place/tensorflow/bin/python "$python" -m pytest -n 0 -m 'slow or not slow' tests/crosscheck "$@"
