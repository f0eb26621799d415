#!/usr/bin/env bash
# Builds the wheel, installs it into a bare environment, runs the main job with the network cut, and uninstalls it.
# What it promises: the wheel holds everything the main job needs, and nothing of it is left behind.
set -euo pipefail
cd "$(dirname "$0")/../.."
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

python3 -m venv "$place/build"
"$place/build/bin/pip" install -q build
# Of a copy: building in place would leave a folder build/, whose old modules a later wheel takes in.
git archive HEAD | tar -x -C "$place" --one-top-level=source
"$place/build/bin/python" -m build --outdir "$place/dist" "$place/source"
rm -rf "$place/source"

python3 -m venv "$place/bare"
files() { (cd "$place/bare" && find . -not -name '*.pyc' -not -name __pycache__ | sort); }
"$place/bare/bin/pip" install -q "$place"/dist/*.whl
"$place/bare/bin/pip" uninstall -q -y ifan-bench
files >"$place/before"
"$place/bare/bin/pip" install -q --no-deps "$place"/dist/*.whl

cd "$place"
# With a root of its own, so that whoever may not cut the machine's network may cut this one's.
export IFAN_BENCH_CACHE=$place/cache
unshare --map-root-user --net bare/bin/ifan-bench run --method ifan --dataset sample --results results
unshare --map-root-user --net bare/bin/ifan-bench leaderboard --results results
unshare --map-root-user --net bare/bin/realdof --help >/dev/null
unshare --map-root-user --net bare/bin/ifan --help >/dev/null

"$place/bare/bin/pip" uninstall -q -y ifan-bench
files >"$place/after"
diff "$place/before" "$place/after"
echo "the wheel runs the main job without a network, and leaves nothing behind"
