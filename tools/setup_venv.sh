#!/bin/sh
# Makes or updates .venv from hash-pinned requirement files: with uv where it is installed and works, else with pip.
# Usage: tools/setup_venv.sh [--into FOLDER] REQUIREMENTS...
# With --into, another environment than the program's own: the program itself is not installed there.
set -eu

venv=.venv
if [ "$1" = --into ]; then
    venv=$2
    shift 2
fi

fail() {
    echo "$1" >&2
    exit 1
}

is_recent() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

# Sets $python. One that was named outright is taken or refused, never passed over.
need_python() {
    for python in ${PYTHON:-python3 python3.15 python3.14 python3.13 python3.12 python3.11}; do
        if is_recent "$python"; then
            # Its own path: of a mere name uv makes a request for any Python that it knows.
            python=$("$python" -c 'import sys; print(sys.executable)')
            return
        fi
    done
    fail "Python 3.11 or later was not found (tried: ${PYTHON:-python3, python3.15 to python3.11}). \
Install it, or name it: make PYTHON=/path/to/python3 ..."
}

requirements=""
for file in "$@"; do
    requirements="$requirements -r $file"
done

if [ -e "$venv" ] && ! is_recent "$venv"/bin/python; then
    echo "replacing $venv, whose Python is gone or too old" >&2
    rm -rf "$venv"
fi

if [ ! -e "$venv" ]; then
    need_python
fi

with_uv() {
    command -v uv >/dev/null 2>&1 || return 1
    [ -e "$venv" ] || uv venv --quiet --seed --python "$python" "$venv" || return 1
    # shellcheck disable=SC2086 # a list of options
    uv pip install --quiet --python "$venv"/bin/python --require-hashes $requirements || return 1
    [ "$venv" != .venv ] || uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
}

with_pip() {
    if command -v uv >/dev/null 2>&1; then
        echo "uv failed; going on with pip" >&2
    fi
    if ! "$venv"/bin/python -m pip --version >/dev/null 2>&1; then
        need_python
        "$python" -m venv --clear "$venv" || fail "Python's venv module does not work (Debian: install python3-venv)."
    fi
    # --no-compile: byte-compiling the whole SDK takes 16 s, and few of its files are ever imported.
    # shellcheck disable=SC2086 # a list of options
    "$venv"/bin/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes $requirements
    [ "$venv" = .venv ] || return 0
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
}

with_uv || with_pip

[ "$venv" = .venv ] || exit 0

# Byte-compile what is imported, once, even where the environment forbids Python to do so as it goes.
PYTHONDONTWRITEBYTECODE='' .venv/bin/python -c '
import readiness.cli, readiness.checks, readiness.settings.schema, readiness.review.render_plan
import components.alert_policies, components.log_metrics
'
