#!/usr/bin/env bash
# Installs as the README tells a developer to and runs the fast tests, for each Python this project is for that this
# machine has: tests/supply/pythons.sh [words for pytest]
# The Python that CI itself uses is left out, since CI does the same with it. Names the ones that are absent.
set -euo pipefail
cd "$(dirname "$0")/../.."
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

find_python() {
  local candidate
  for candidate in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/python; do
    # pyenv's shims exist for versions that are not switched on, too.
    if "$candidate" -c '' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
}

own=$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
failed=()
for version in 3.11 3.12 3.13; do
  if [[ $version == "$own" ]]; then
    continue
  fi
  python=$(find_python "$version")
  if [[ -z $python ]]; then
    echo "Python $version is absent from this machine: not tried"
    continue
  fi
  "$python" -m venv "$place/$version"
  "$place/$version/bin/pip" install -q -e '.[test]'
  echo "$("$place/$version/bin/python" --version): the fast tests"
  # An interpreter that crashes ends the tests: pytest-xdist would wait for ever for the last one.
  "$place/$version/bin/pytest" --max-worker-restart 0 "$@" || failed+=("$version")
  rm -rf "${place:?}/$version"
done
if ((${#failed[@]})); then
  echo "Tests failed with Python ${failed[*]}"
  exit 1
fi
