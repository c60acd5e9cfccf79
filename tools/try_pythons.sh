#!/usr/bin/env bash
# Runs tests on every Python from 3.11 on that this machine has beside the one of .venv, and fails if one fails.
# Usage: tools/try_pythons.sh [PYTEST ARGUMENT...]   Default: the tests that the version affects most. `tests` runs all.
# Each version gets an environment of its own from the locks, which is removed afterwards.
set -euo pipefail
cd "$(dirname "$0")/.."

# Event loops, dataclasses, text of errors, parsers of dates and options, subprocesses.
AFFECTED=(
    tests/test_golden.py tests/components tests/settings/mistakes
    tests/delivered/test_http_client.py tests/test_connections.py tests/plan/test_failing_programs.py tests/plan/test_offline_plan.py
    tests/plan/test_recorder.py tests/delivered/delivery_telemetry
)
tests=("$@")
[ $# -gt 0 ] || tests=("${AFFECTED[@]}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

version_of() {
    "$1" -c 'import sys; print(f"{sys.version_info[0]}.{sys.version_info[1]}")' 2>/dev/null
}

# The newest versions last, as sorted by name; pyenv's shims on PATH start only where a version is chosen.
candidates=()
for minor in 11 12 13 14 15; do
    candidates+=("python3.$minor")
done
for python in "${PYENV_ROOT:-${HOME:-/nonexistent}/.pyenv}"/versions/3.*/bin/python3; do
    candidates+=("$python")
done

declare -A tried
tried[$(version_of .venv/bin/python)]=.venv
failures=0
for python in "${candidates[@]}"; do
    found=$(command -v "$python") || continue
    if ! version=$(version_of "$found"); then
        echo "python: $found: skipped: it does not start"
        continue
    fi
    case $version in 3.?|3.10|2.*) continue ;; esac
    [ -z "${tried[$version]-}" ] || continue
    tried[$version]=$found
    began=$SECONDS
    if PYTHON=$found tools/setup_venv.sh --into "$work/$version" requirements.txt requirements-dev.txt >"$work/log" 2>&1 &&
        PYTHONPATH=$PWD "$work/$version/bin/python" -m pytest -n auto "${tests[@]}" >"$work/log" 2>&1; then
        echo "python: $version: ok, $((SECONDS - began)) s ($(tail -n 1 "$work/log"))"
    else
        echo "python: $version ($found): FAILED after $((SECONDS - began)) s"
        tail -n 60 "$work/log"
        failures=$((failures + 1))
    fi
    rm -rf "${work:?}/$version"
done
if [ "${#tried[@]}" = 1 ]; then
    echo "python: skipped: this machine has no other Python from 3.11 on"
fi
exit $((failures > 0))
